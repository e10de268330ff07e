"""The core over large fabrics, measured without input or output by Benchmarks."""

import json
import pathlib
import subprocess

from figures import figure, row
from fleet import Trouble, descendants, kill

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIZES = ("1000", "10000", "100000")
# Milliseconds that 100,000 instances may take.
GOALS = {"from-nothing": 1100, "no-op": 63, "changed-app": 100, "report": 2, "tick": 10, "order-ended": 1}
# How much more one of 100,000 instances may take than one of 10,000: the caches of a processor are small.
GROWTH_MAX = 3
# With the build.
SECONDS_MAX = 1200


def run_benchmark(name, *arguments):
    """The lines of JSON that a program of Benchmarks prints. Its build is not measured."""
    command = ["swift", "run", "-c", "release", "--package-path", str(ROOT / "Benchmarks"), name, *arguments]
    # Whatever it starts is ended with it, also when it is given up.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        words, errors = process.communicate()
    except BaseException:
        kill([*descendants(process.pid), process.pid])
        process.wait()
        raise
    if process.returncode != 0:
        raise Trouble(f"`{' '.join(command)}` ended with {process.returncode}:\n{errors[-2000:]}")
    return [json.loads(line) for line in words.splitlines() if line.startswith("{")]


@figure("scale", "loop", seconds_max=SECONDS_MAX)
def measure_scale(_, __):
    """Placement, delta and plan of 100,000 instances, and whether they grow in proportion."""
    took = {}
    for line in run_benchmark("scale", *SIZES, *GOALS):
        took.setdefault(line["name"], {})[str(line["instances"])] = line["milliseconds"]
    for name, goal in GOALS.items():
        sizes = took.get(name, {})
        if SIZES[-1] not in sizes:
            raise Trouble(f"Benchmarks' `scale` measures no {name}.")
        note = ", ".join(f"{int(size):,}: {sizes[size]:.2f} ms" for size in SIZES)
        yield row(f"scale-{name}", sizes[SIZES[-1]], "ms", f"{goal} ms for 100,000 instances", ours_max=goal, note=note)
    sizes = took["from-nothing"]
    growth = sizes[SIZES[-1]] / 10 / sizes[SIZES[-2]]
    yield row("scale-linear", growth, "×", f"at most {GROWTH_MAX} × an instance of 10,000", ours_max=GROWTH_MAX)
