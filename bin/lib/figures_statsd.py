"""statsd's lines, taken in by Apus and by peers, sent by one sender in one run."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from figures import figure, row
from fleet import Trouble, free_port, wait_until
from peers import RUNS, build, cpu_seconds, peer

KEYS = "10000"
SECONDS = 8
# Lines a second of the server's processor time, and the share of what was sent that must be taken.
GOALS = {20: 8e6, 1: 0.7e6}
ACCEPTED_MIN = 0.97


def drops(port):
    """What the kernel has dropped on a UDP port, because nobody read it in time."""
    wanted = f"{port:04X}"
    lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
    return sum(int(line.split()[-1]) for line in lines if line.split()[1].endswith(f":{wanted}"))


def blast(sender, port, lines):
    command = [sender, str(port), str(SECONDS), str(lines), KEYS]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


class Measured:
    """Lines a processor second, and the share that was taken."""

    def __init__(self, sent, dropped, cpu):
        self.accepted = 1 - dropped / max(sent["datagrams"], 1)
        self.rate = sent["lines"] * self.accepted / cpu


def measure_ours(server, sender, lines):
    process = subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(process.stdout.readline())["port"]
        sent = blast(sender, port, lines)
        process.stdin.close()
        report = json.loads(process.stdout.readline())
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
    if report["lines"] != report["packets"] * lines or report["badLines"] or report["valuesLost"]:
        raise Trouble(f"Apus's statsd lost lines that it had taken: {report}")
    return Measured(sent, sent["datagrams"] - report["packets"], report["cpuSeconds"])


def is_bound(port):
    wanted = f":{port:04X}"
    return any(line.split()[1].endswith(wanted)
               for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:])


def measure_peer(command, port, sender, lines):
    with peer(command) as process:
        wait_until(f"{command[0]} listens on UDP port {port}", lambda: is_bound(port), 30)
        time.sleep(1)
        before, dropped = cpu_seconds(process.pid), drops(port)
        sent = blast(sender, port, lines)
        # What still waits in the socket belongs to the work.
        time.sleep(1)
        return Measured(sent, drops(port) - dropped, cpu_seconds(process.pid) - before)


def collectd(folder, port):
    if not shutil.which("collectd"):
        return None
    configuration = folder / "collectd.conf"
    configuration.write_text(
        f'BaseDir "{folder}"\nPIDFile "{folder}/collectd.pid"\nInterval 10\nLoadPlugin statsd\n'
        f'<Plugin statsd>\n  Host "127.0.0.1"\n  Port "{port}"\n  TimerPercentile 90.0\n</Plugin>\n')
    return ["collectd", "-f", "-C", str(configuration)]


def netdata(folder, port):
    if not shutil.which("netdata"):
        return None
    for name in ("cache", "lib", "log"):
        (folder / name).mkdir()
    configuration = folder / "netdata.conf"
    off = "".join(f"    {name} = no\n" for name in (
        "proc", "diskspace", "cgroups", "tc", "idlejitter", "timex", "slabinfo", "apps", "python.d", "charts.d", "go.d",
        "perf", "ebpf", "fping", "node.d", "ioping", "enable running new plugins", "check for new plugins every"))
    configuration.write_text(
        f"[directories]\n    cache = {folder}/cache\n    lib = {folder}/lib\n    log = {folder}/log\n"
        f"    config = {folder}\n[global]\n    run as user = {os.environ.get('USER', 'root')}\n"
        # By itself it runs only when nobody else wants the processor, and so hardly beside the sender.
        "    process scheduling policy = other\n    process nice level = 0\n"
        "[db]\n    mode = none\n[ml]\n    enabled = no\n[health]\n    enabled = no\n"
        f"[web]\n    mode = none\n[plugins]\n{off}    statsd = yes\n"
        f"[statsd]\n    bind to = udp:127.0.0.1:{port}\n    default port = {port}\n"
        "    create private charts for metrics matching = !*\n")
    return ["netdata", "-D", "-c", str(configuration)]


def measure_peers(sender, lines):
    """What each peer did that is installed, by its name."""
    found = {}
    for make in (netdata, collectd):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench-"))
        try:
            port = free_port()
            if command := make(folder, port):
                found[make.__name__] = measure_peer(command, port, sender, lines)
        except Trouble as trouble:
            print(f"bench: {trouble}", file=sys.stderr)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return found


def median(runs):
    """Of several runs, the one in the middle by its rate, with the median of what was taken."""
    middle = sorted(runs, key=lambda run: run.rate)[len(runs) // 2]
    middle.accepted = statistics.median(run.accepted for run in runs)
    return middle


@figure("statsd", "metrics", seconds_max=900)
def measure_statsd(_, __):
    """Lines a second of the server's processor time, and how many of them are taken at full blast."""
    server, sender = build("statsd"), build("blast")
    for lines, goal in GOALS.items():
        runs, peers = [], {}
        for _ in range(RUNS):
            runs.append(measure_ours(server, sender, lines))
            for name, measured in measure_peers(sender, lines).items():
                peers.setdefault(name, []).append(measured)
        ours = median(runs)
        others = {name: median(measured) for name, measured in peers.items()}
        best = max(others, key=lambda name: others[name].rate, default=None)
        note = "; ".join(
            [f"ours {min(run.rate for run in runs) / 1e6:.2f} to {max(run.rate for run in runs) / 1e6:.2f} M"]
            + [f"{name} {it.rate / 1e6:.2f} M, {it.accepted:.0%} taken" for name, it in others.items()])
        suffix = "" if lines > 1 else "-single"
        yield row(
            f"statsd{suffix}", ours.rate / 1e6, "M lines/cpu-s", f"{goal / 1e6:g} M lines/cpu-s", ours_min=goal / 1e6,
            peer=best and others[best].rate / 1e6, peer_name=best or "netdata", note=note)
        if lines > 1:
            yield row(
                "statsd-dropped", (1 - ours.accepted) * 100, "%", "at most 3 % at full blast",
                ours_max=(1 - ACCEPTED_MIN) * 100)
