"""A large package onto a host's disk, beside the distribution's own tool."""

import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import bench_repository
from figures import figure, row, spread
from figures_core import SECONDS_MAX as BENCHMARK_SECONDS_MAX
from figures_core import run_benchmark

RUNS = 5
SECONDS_MAX = 200


def many_files(folder):
    bench_repository.write(folder, instances=1, hosts=1)
    bench_repository.write_tree(folder / "src/shop/modules")


@figure("unpack", "loop", fleet=many_files, seconds_max=SECONDS_MAX)
def measure_unpack(_, fleet):
    """The step `install` of a deploy: signature, digest, 7,000 files, all on the disk."""
    fleet.apus("deploy", "shop", "--wait")
    ours, peers, hasty = [], [], []
    with tempfile.TemporaryDirectory(prefix="apus-deb-") as folder:
        archive = make_deb(pathlib.Path(fleet.facts["repository"], "src/shop"), pathlib.Path(folder))
        for number in range(RUNS):
            os.sync()
            bench_repository.commit_version(fleet, number + 2)
            fleet.apus("deploy", "shop", "--wait")
            ours.append(step_seconds(fleet, "install"))
            os.sync()
            if archive:
                peers.append(dpkg_seconds(archive, pathlib.Path(folder, f"root-{number}")))
                os.sync()
                hasty.append(dpkg_seconds(archive, pathlib.Path(folder, f"hasty-{number}"), "--force-unsafe-io"))
    peer = statistics.median(peers) if peers else None
    yield row(
        "unpack", statistics.median(ours), "s", "a third of dpkg's time", peer, "dpkg -i", ratio_max=1 / 3,
        note=f"118 MB, 7,000 files; {spread(ours, ' s', 2)}" + (
            f"; dpkg {spread(peers, ' s', 2)}; with --force-unsafe-io, which waits for no file: "
            f"{spread(hasty, ' s', 2)}" if peers else ""))


def step_seconds(fleet, title):
    """How long the last execution's step took whose title starts so."""
    last = max(fleet.executions().values(), key=lambda execution: execution["startedAt"])
    steps = fleet.get(f"/v1/executions/{last['id']}")["steps"]
    return next((s["endedAt"] - s["startedAt"]) / 1000 for s in steps if s["title"].startswith(title))


def make_deb(tree, folder):
    """A Debian package of the tree, compressed as ours is: zstd, level 3. None without dpkg."""
    if not shutil.which("dpkg-deb"):
        return None
    root = folder / "package"
    shutil.copytree(tree, root / "opt/shop")
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        "Package: shop\nVersion: 1\nArchitecture: all\nMaintainer: Bench <bench@localhost>\nDescription: measured\n")
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", "-Zzstd", "-z3", root, folder / "shop.deb"], check=True,
        stdin=subprocess.DEVNULL, capture_output=True)
    return folder / "shop.deb"


def dpkg_seconds(archive, root, *options):
    """Installs into an empty root with a database of its own."""
    for name in ("info", "updates", "triggers"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    began = time.monotonic()
    subprocess.run(
        ["dpkg", f"--root={root}", *options, "--install", str(archive)], check=True, stdin=subprocess.DEVNULL,
        capture_output=True)
    return time.monotonic() - began


@figure("switch", "loop", seconds_max=BENCHMARK_SECONDS_MAX)
def measure_switch(_, __):
    """The agent's own function, thousands of times; its build is not counted."""
    times = run_benchmark("switch")[-1]
    yield row("switch", times["p99"], "ms", "p99 at most 1 ms", ours_max=1,
              note=f"{times['switches']} switches, median {times['p50']:.3f} ms, slowest {times['max']:.2f} ms; "
                   f"until the disk has it: p99 {times['durableP99']:.1f} ms")
