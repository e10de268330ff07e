"""Figures of Apus beside its peers'. See bin/bench."""

import argparse
import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile

import figures_agents  # noqa: F401  (registers)
import figures_core  # noqa: F401
import figures_packages  # noqa: F401
import figures_program  # noqa: F401
import figures_rollout  # noqa: F401
import figures_traffic  # noqa: F401
from figures import FIGURES, print_head, print_row
from fleet import Fleet, Trouble


@contextlib.contextmanager
def fleet_of(program, make_repository):
    """A fleet of the repository that `make_repository` writes, while the block runs."""
    repository = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench-"))
    fleet = None
    try:
        make_repository(repository)
        fleet = Fleet(program, repository)
        fleet.start(seconds=60)
        yield fleet
    finally:
        if fleet is not None:
            fleet.stop()
            fleet.remove()
        shutil.rmtree(repository, ignore_errors=True)


def measure(program, chosen, as_json):
    """Measures, a fleet after another. Returns whether all figures hold."""
    hold = True
    for make_repository in dict.fromkeys(figure.fleet for figure in chosen):
        mine = [figure for figure in chosen if figure.fleet is make_repository]
        with fleet_of(program, make_repository) if make_repository else contextlib.nullcontext() as fleet:
            for figure in mine:
                try:
                    for entry in figure.measure(program, fleet):
                        print_row(entry, as_json)
                        hold = hold and entry["holds"]
                except Trouble as trouble:
                    print(f"bench: {figure.name} could not be measured: {trouble}", file=sys.stderr)
                    hold = False
    return hold


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--program", required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_intermixed_args()
    if options.list:
        for figure in FIGURES.values():
            print(" ".join([figure.name, *sorted(figure.groups - {figure.name})]))
        return
    known = set().union(*(figure.groups for figure in FIGURES.values()))
    if unknown := set(options.names) - known:
        sys.exit(f"bench: no figure is called {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    chosen = [figure for figure in FIGURES.values() if not options.names or figure.groups & set(options.names)]
    # Whoever ends the measuring ends it whole: a signal becomes an exception, and `finally` cleans up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    if not options.json:
        print_head()
    try:
        hold = measure(options.program, chosen, options.json)
    except Trouble as trouble:
        sys.exit(f"bench: {trouble}")
    sys.exit(0 if hold else 1)


if __name__ == "__main__":
    main()
