"""The core over large fabrics, measured without input or output by Benchmarks."""

import json
import pathlib
import subprocess

from figures import figure, row
from fleet import Trouble

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIZES = ("1000", "10000", "100000")
# Milliseconds that 100,000 instances may take.
GOALS = {"from-nothing": 1100, "no-op": 63, "changed-app": 100, "report": 2, "tick": 10, "order-ended": 1}
# Each instance of a fabric ten times as large may take so much more: the caches of a processor are small.
GROWTH_MAX = 3
# What is looked at of every instance of the fabric, or of an app.
WHOLE = ("from-nothing", "no-op", "changed-app")


def run_benchmark(name, *arguments):
    """The lines of JSON that a program of Benchmarks prints. Its build is not measured."""
    command = ["swift", "run", "-c", "release", "--package-path", str(ROOT / "Benchmarks"), name, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@figure("scale", "loop")
def measure_scale(_, __):
    """Placement, delta and plan of 100,000 instances, and whether they grow in proportion."""
    took = {}
    passed = {}
    for line in run_benchmark("scale", *SIZES, *GOALS, "peak-mebibytes"):
        took.setdefault(line["name"], {})[str(line["instances"])] = line["milliseconds"]
        passed.setdefault(line["name"], {})[str(line["instances"])] = line.get("passed")
    for name, goal in GOALS.items():
        sizes = took.get(name, {})
        if SIZES[-1] not in sizes:
            raise Trouble(f"Benchmarks' `scale` measures no {name}.")
        note = "processor time; " + ", ".join(
            f"{int(size):,}: {sizes[size]:.2f} ms" + passing(passed[name][size]) for size in SIZES)
        yield row(f"scale-{name}", sizes[SIZES[-1]], "ms", f"{goal} ms for 100,000 instances", ours_max=goal, note=note)
    growth = {
        name: [took[name][more] / 10 / took[name][less] for less, more in zip(SIZES, SIZES[1:])] for name in WHOLE}
    note = "; ".join(f"{name}: {to[0]:.2f} × to 10,000, {to[1]:.2f} × to 100,000" for name, to in growth.items())
    yield row(
        "scale-linear", max(max(to) for to in growth.values()), "×",
        f"at most {GROWTH_MAX} × an instance of a fabric a tenth as large", ours_max=GROWTH_MAX, note=note)
    peak = took["peak-mebibytes"][SIZES[-1]]
    yield row("scale-memory", peak, "MiB", "told, no goal", note="the most of the whole run")


def passing(milliseconds):
    """The time that passed, of what was also timed so."""
    return "" if milliseconds is None else f" ({milliseconds:.2f} passed)"
