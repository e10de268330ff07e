"""How long rollouts take beyond what the app itself takes."""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import bench_repository
from figures import figure, row, spread
from fleet import Load, free_port, is_listening, kill, wait_until

WARM_INSTANCES = 20
ROLLBACKS = 5
DEPLOYS = 5
DEPLOY_INSTANCES = 4
PACKAGE_BYTES = 20_000_000
TARGET = f"{bench_repository.SITE}/"


def twenty_warm(folder):
    bench_repository.write(folder, instances=WARM_INSTANCES, batch="100%")


def twenty_cold(folder):
    bench_repository.write(folder, instances=WARM_INSTANCES, batch="100%", warm="0s")


def large(folder):
    bench_repository.write(
        folder, instances=DEPLOY_INSTANCES, hosts=DEPLOY_INSTANCES, package_bytes=PACKAGE_BYTES)


@figure("rollback-warm", "rollback", "loop", fleet=twenty_warm)
def measure_warm(_, fleet):
    times, failed = rollbacks(fleet)
    yield row("rollback-warm", statistics.median(times), "s", "under 1 s", ours_max=1,
              note=f"{WARM_INSTANCES} instances; {spread(times, ' s', 3)}")
    yield row("rollback-failed-requests", failed, "requests", "none", ours_max=0)


@figure("rollback-cold", "rollback", "loop", fleet=twenty_cold)
def measure_cold(_, fleet):
    times, failed = rollbacks(fleet)
    start = own_start(WARM_INSTANCES)
    yield row("rollback-cold", statistics.median(times) - start, "s", "under 3 s + the app's own start", ours_max=3,
              note=f"{WARM_INSTANCES} instances; {spread(times, ' s', 2)}, of which their own start is {start:.2f} s")
    yield row("rollback-cold-failed-requests", failed, "requests", "none", ours_max=0)


@figure("deploy-overhead", "loop", fleet=large)
def measure_deploy(_, fleet):
    """The execution's time for one instance after another, and of it what is not the app's start."""
    fleet.apus("deploy", "shop", "--wait")
    start, overheads, wholes = own_start(1), [], []
    for number in range(DEPLOYS):
        bench_repository.commit_version(fleet, number + 2)
        wholes.append(fleet.apus("deploy", "shop", "--wait")[1])
        took = last_execution_seconds(fleet)
        overheads.append((took / DEPLOY_INSTANCES - start) * 1000)
    yield row(
        "deploy-overhead", statistics.median(overheads), "ms", "under 300 ms per instance", ours_max=300,
        note=f"20 MB package; {spread(overheads, ' ms')}; own start {start * 1000:.0f} ms; "
             f"the whole command, built and {DEPLOY_INSTANCES} replaced in turn: {statistics.median(wholes):.2f} s")


def rollbacks(fleet):
    """Seconds from the start of a rollback to the last answer of the release that is left."""
    fleet.apus("deploy", "shop", "--wait")
    times = []
    load = Load(fleet, [TARGET])
    try:
        for number in range(ROLLBACKS):
            version = f"next-{number}"
            bench_repository.commit_version(fleet, version)
            fleet.apus("deploy", "shop", "--wait")
            wait_until("Version 1 ended", lambda: is_alone(load, version), 60)
            began = time.time()
            fleet.apus("rollback", "shop", "--yes", "--wait")
            wait_until("The rollback's end", lambda: is_alone(load, "1"), 60)
            times.append(versions(load)[version]["last"] - began)
    finally:
        totals = load.stop()
    return times, totals["failed"]


def versions(load):
    return load.read()["sites"].get(bench_repository.SITE, {})


def is_alone(load, version):
    """Whether that version has answered last, and no other for half a second."""
    seen = versions(load)
    others = [entry["last"] for key, entry in seen.items() if key != version]
    return version in seen and seen[version]["last"] > max(others, default=0) + 0.5


def last_execution_seconds(fleet):
    last = max(fleet.executions().values(), key=lambda execution: execution["startedAt"])
    return (last["endedAt"] - last["startedAt"]) / 1000


def own_start(count, runs=5):
    """Seconds that `count` processes of the app take until all listen, when started at once by hand."""
    times = []
    with tempfile.TemporaryDirectory(prefix="apus-own-") as folder:
        app = pathlib.Path(folder, bench_repository.APP.name)
        app.write_bytes(bench_repository.APP.read_bytes())
        pathlib.Path(folder, "version.txt").write_text("1\n")
        for _ in range(runs):
            ports = [free_port() for _ in range(count)]
            began = time.monotonic()
            started = [
                subprocess.Popen([sys.executable, str(app), "127.0.0.1", str(port)], stdin=subprocess.DEVNULL)
                for port in ports]
            try:
                wait_until(
                    "The app listening", lambda ports=ports: all(is_listening("127.0.0.1", port) for port in ports), 60,
                    pause_seconds=0.002)
                times.append(time.monotonic() - began)
            finally:
                kill([process.pid for process in started])
                for process in started:
                    process.wait()
    return statistics.median(times)
