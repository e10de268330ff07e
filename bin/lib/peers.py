"""Programs that are measured side by side: how they are built, started and ended, and what they cost."""

import contextlib
import functools
import os
import pathlib
import signal
import statistics
import subprocess

from figures_core import ROOT
from fleet import Trouble

RUNS = 3
TICKS = os.sysconf("SC_CLK_TCK")


@functools.cache
def build(name):
    """The path of a release build of one of Benchmarks' programs."""
    command = ["swift", "build", "-c", "release", "--package-path", str(ROOT / "Benchmarks"), "--product", name]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"`{' '.join(command)}` ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    where = subprocess.run([*command[:-2], "--show-bin-path"], capture_output=True, text=True, check=True)
    return str(pathlib.Path(where.stdout.strip()) / name)


def cpu_seconds(pid):
    """User and system time of a process, of all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def bytes_in(folder):
    """What the files of a folder take, by their lengths."""
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


@contextlib.contextmanager
def peer(command, ending=signal.SIGTERM):
    """A peer in the foreground, ended by its id."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        end(process, ending)


def end(process, ending=signal.SIGTERM):
    """Asks a process to end, and insists after a while."""
    if process.poll() is None:
        process.send_signal(ending)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
    if process.poll() is None:
        process.kill()
        process.wait()


def medians(runs):
    """Of dictionaries with the same keys, one with the median of each."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}
