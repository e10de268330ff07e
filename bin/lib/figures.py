"""The register of figures, and what one is. See bin/bench."""

import json
import statistics
import subprocess
import time

FIGURES = {}


SECONDS_MAX = 300


class Figure:
    def __init__(self, name, measure, groups, fleet, seconds_max, is_long):
        self.name = name
        self.is_long = is_long
        self.seconds_max = seconds_max
        self.measure = measure
        self.groups = groups
        self.fleet = fleet


def figure(name, *groups, fleet=None, seconds_max=SECONDS_MAX, is_long=False):
    """Registers `measure(program, fleet)`, which yields rows.

    `fleet` makes the repository of the fleet that the figure is measured on. Figures with the same
    one share a fleet, and are measured one after another. None: no fleet.
    `seconds_max`: after which it is given up.
    `is_long`: it is measured only when it is named.
    """
    def register(measure):
        FIGURES[name] = Figure(name, measure, {name, *groups}, fleet, seconds_max, is_long)
        return measure
    return register


def row(
        name, ours, unit, goal, peer=None, peer_name=None, ratio_max=None, ours_max=None, ratio_min=None, ours_min=None,
        is_whole=True, note=None):
    """A figure. It holds if it keeps every limit it was given; a limit without its peer does not.

    `is_whole`: whether as much was measured as the goal asks for.
    """
    ratio = ours / peer if peer else None
    holds = is_whole
    if ratio_max is not None:
        holds = holds and ratio is not None and ratio <= ratio_max
    if ratio_min is not None:
        holds = holds and ratio is not None and ratio >= ratio_min
    if ours_max is not None:
        holds = holds and ours <= ours_max
    if ours_min is not None:
        holds = holds and ours >= ours_min
    return {
        "name": name, "ours": round(ours, 3), "unit": unit, "peer": None if peer is None else round(peer, 3),
        "peerName": peer_name, "ratio": None if ratio is None else round(ratio, 3), "goal": goal, "holds": holds,
        "note": note,
    }


def milliseconds(command, runs=40, environment=None):
    """Median time of a command, after a few runs that warm the caches."""
    times = []
    for number in range(runs + 3):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
        if number >= 3:
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def spread(values, unit="", digits=0):
    """All that was measured, in a few words."""
    return f"median of {len(values)}, {min(values):.{digits}f} to {max(values):.{digits}f}{unit}"


def print_head():
    print(f"{'name':28} {'ours':>20} {'peer':>42} {'ratio':>6}  {'goal':34} holds or not", flush=True)


def print_row(entry, as_json):
    if as_json:
        print(json.dumps(entry), flush=True)
        return
    ours = f"{entry['ours']:g} {entry['unit']}"
    peer = f"{entry['peer']:g} {entry['unit']} ({entry['peerName']})" if entry["peer"] is not None else "-"
    if entry["peer"] is None and entry["peerName"]:
        peer = f"{entry['peerName']} is missing"
    ratio = f"{entry['ratio']:.2f}" if entry["ratio"] is not None else "-"
    verdict = "holds" if entry["holds"] else "DOES NOT HOLD"
    print(f"{entry['name']:28} {ours:>20} {peer:>42} {ratio:>6}  {entry['goal']:34} {verdict}", flush=True)
    if entry["note"]:
        print(f"{'':28} {entry['note']}", flush=True)


def print_failure(name, reason, as_json):
    """A figure that could not be measured does not hold, and says why."""
    if as_json:
        print(json.dumps({"name": name, "holds": False, "failure": reason}), flush=True)
        return
    print(f"{name:28} NOT MEASURED: {reason}", flush=True)
