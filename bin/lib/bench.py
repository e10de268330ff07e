"""Figures of Apus beside its peers'. See bin/bench."""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import figures_agents  # noqa: F401  (registers)
import figures_core  # noqa: F401
import figures_corpus  # noqa: F401
import figures_logs  # noqa: F401
import figures_metrics  # noqa: F401
import figures_packages  # noqa: F401
import figures_program  # noqa: F401
import figures_rollout  # noqa: F401
import figures_shipping  # noqa: F401
import figures_soak  # noqa: F401
import figures_soak_logs  # noqa: F401
import figures_statsd  # noqa: F401
import figures_traffic  # noqa: F401
from figures import FIGURES, print_failure, print_head, print_row
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
        try:
            if fleet is not None:
                fleet.stop()
        finally:
            if fleet is not None:
                fleet.remove()
            shutil.rmtree(repository, ignore_errors=True)


@contextlib.contextmanager
def limited(seconds):
    """Trouble in the block once it has taken so long: what hangs does not hold up the rest."""
    def give_up(*_):
        raise Trouble(f"It took more than {seconds} s.")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Report:
    """Prints rows as they come, and knows whether all hold."""

    def __init__(self, as_json):
        self.as_json = as_json
        self.hold = True
        self.measured = set()

    def measure(self, figure, program, fleet):
        print(f"bench: {figure.name} …", file=sys.stderr, flush=True)
        with self.survived(figure.name), limited(figure.seconds_max):
            for entry in figure.measure(program, fleet):
                print_row(entry, self.as_json)
                self.hold = self.hold and entry["holds"]
        self.measured.add(figure.name)

    @contextlib.contextmanager
    def survived(self, name):
        """Says what went wrong in the block, and goes on after it. Not what ends the measuring."""
        try:
            yield
        except Exception as fault:  # noqa: BLE001  (whatever it is, the other figures are measured)
            self.hold = False
            reason = str(fault) if isinstance(fault, Trouble) else f"{type(fault).__name__}: {fault}"
            print_failure(name, reason, self.as_json)


def measure(program, chosen, as_json):
    """Measures, a fleet after another. Returns whether all figures hold."""
    report = Report(as_json)
    for make_repository in dict.fromkeys(figure.fleet for figure in chosen):
        mine = [figure for figure in chosen if figure.fleet is make_repository]
        if make_repository is None:
            for figure in mine:
                report.measure(figure, program, None)
            continue
        with report.survived(f"the fleet of {', '.join(figure.name for figure in mine)}"):
            with fleet_of(program, make_repository) as fleet:
                for figure in mine:
                    report.measure(figure, program, fleet)
    return report.hold and report.measured == {figure.name for figure in chosen}


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
    minutes = [name for name in options.names if name.isdigit()]
    options.names = [name for name in options.names if not name.isdigit()]
    if minutes:
        os.environ["APUS_SOAK_MINUTES"] = minutes[-1]
    known = set().union(*(figure.groups for figure in FIGURES.values()))
    if unknown := set(options.names) - known:
        sys.exit(f"bench: no figure is called {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    chosen = [
        figure for figure in FIGURES.values()
        if (figure.groups & set(options.names) if options.names else not figure.is_long)]
    # Whoever ends the measuring ends it whole: a signal becomes an exception, and `finally` cleans up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    if not options.json:
        print_head()
    sys.exit(0 if measure(options.program, chosen, options.json) else 1)


if __name__ == "__main__":
    main()
