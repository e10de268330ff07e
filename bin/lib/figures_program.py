"""What the program costs: its start, a command, an agent."""

import pathlib
import shutil
import time

import bench_repository
from figures import figure, milliseconds, row

MEMORY_MIB_MAX = 30
SETTLED_SECONDS = 40


def small(folder):
    bench_repository.write(folder, instances=4)


@figure("version")
def measure_version(program, _):
    peer = milliseconds(["redis-cli", "--version"]) if shutil.which("redis-cli") else None
    yield row("version", milliseconds([program, "--version"]), "ms", "at most 2 × redis-cli --version",
              peer, "redis-cli", ratio_max=2)


@figure("status", fleet=small)
def measure_status(program, fleet):
    fleet.apus("deploy", "shop", "--wait")
    yield row("status", milliseconds([program, "status"], environment=fleet.environment), "ms", "under 60 ms", ours_max=60)


@figure("agent-memory", fleet=small)
def measure_agent_memory(_, fleet):
    """Of the largest agent, when it is over its start: agents give back then what that took."""
    time.sleep(SETTLED_SECONDS)
    sizes = []
    for pid in fleet.facts["agents"].values():
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        sizes.append(int(text.split("VmRSS:")[1].split()[0]) / 1024)
    yield row("agent-memory", max(sizes), "MiB", f"at most {MEMORY_MIB_MAX} MiB", ours_max=MEMORY_MIB_MAX)
