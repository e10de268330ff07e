"""Logs on their way: syslog that a server takes in, and a busy file that an agent ships, beside rsyslog and syslog-ng."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

import bench_repository
from figures import figure, row, spread
from figures_core import ROOT
from figures_corpus import room, run
from figures_soak import Server
from fleet import Trouble, free_port, is_listening, wait_until
from peers import RUNS, build, cpu_seconds, peer, resident_mib

LINES = 1_000_000
# A busy file: so many lines a second for so long, written so many times a second.
PACE = 50_000
SECONDS = 20
WRITES = 20
RSYSLOG = "rsyslogd"
SYSLOG_NG = ROOT / ".build/syslog-ng"


def send(port, file):
    with socket.create_connection(("127.0.0.1", port)) as connection, file.open("rb") as lines:
        connection.sendfile(lines)


def lines_in(file):
    """How many lines a file has; 0 as long as there is none."""
    count = 0
    with contextlib.suppress(FileNotFoundError), file.open("rb") as lines:
        while piece := lines.read(1 << 20):
            count += piece.count(b"\n")
    return count


def written(file, size):
    """Whether a file has its lines; it is read only when it is large enough."""
    return file.exists() and file.stat().st_size >= size and lines_in(file) >= LINES


def rate_of_peer(command, port, output, messages):
    """Rows a processor second of a syslog daemon that writes what comes to a file."""
    with peer(command) as process:
        wait_until(f"{pathlib.Path(command[0]).name} listens", lambda: is_listening("127.0.0.1", port), 30)
        before = cpu_seconds(process.pid)
        send(port, messages)
        wait_until("the peer's file", lambda: written(output, LINES * 40), 120, 0.5)
        return LINES / (cpu_seconds(process.pid) - before)


def rsyslog(folder, messages):
    if not shutil.which(RSYSLOG):
        return None
    port, output = free_port(), folder / "rsyslog.out"
    output.unlink(missing_ok=True)
    (folder / "rsyslog.conf").write_text(f"""global(workDirectory="{folder}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{output}")
""")
    command = [RSYSLOG, "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "rsyslog.pid")]
    return rate_of_peer(command, port, output, messages)


def syslog_ng(folder, messages):
    if not (SYSLOG_NG / "ready").exists():
        return None
    port, output = free_port(), folder / "syslog-ng.out"
    output.unlink(missing_ok=True)
    (folder / "syslog-ng.conf").write_text(f"""@version: 3.38
options {{ stats-freq(0); use-dns(no); keep-hostname(yes); }};
source s_net {{ network(ip("127.0.0.1") port({port}) transport("tcp")); }};
destination d_file {{ file("{output}"); }};
log {{ source(s_net); destination(d_file); }};
""")
    libraries = ":".join(
        str(SYSLOG_NG / part) for part in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng"))
    return rate_of_peer(
        ["/usr/bin/env", f"LD_LIBRARY_PATH={libraries}", str(SYSLOG_NG / "usr/sbin/syslog-ng"), "--foreground",
         "--no-caps", f"--module-path={SYSLOG_NG}/usr/lib/syslog-ng/3.38", f"--cfgfile={folder}/syslog-ng.conf",
         f"--persist-file={folder}/syslog-ng.persist", f"--pidfile={folder}/syslog-ng.pid",
         f"--control={folder}/syslog-ng.control"], port, output, messages)


def kept(server, query="source:syslog", start="-14d"):
    answer = json.loads(server.ask(f"/v1/logs?from={start}&query={query}%20%7C%20count"))
    rows = answer["table"]["rows"]
    return int(rows[0][0]) if rows else 0


def ours(program, folder, messages):
    """Rows a processor second of the server: parsed, indexed and on the disk."""
    port = free_port()
    server = Server(program, folder, options=["--syslog", f"127.0.0.1:{port}"])
    try:
        server.start()
        wait_until("the server listens for syslog", lambda: is_listening("127.0.0.1", port), 30)
        before = cpu_seconds(server.process.pid)
        send(port, messages)
        began = time.monotonic()

        def is_over():
            # To ask costs the server, too: not before it is likely to be done.
            return time.monotonic() - began > 2 and kept(server) >= LINES

        wait_until("the server's lines", is_over, 120, 1)
        return LINES / (cpu_seconds(server.process.pid) - before), resident_mib(server.process.pid)
    finally:
        if hasattr(server, "process"):
            server.stop()


@figure("logs-syslog", "logs", seconds_max=900)
def syslog(program, _):
    """A million messages over one connection; the peers only write them to a file."""
    rates, peers, others, memory = [], [], [], 0
    with room() as folder:
        messages = folder / "messages"
        run(build("logstore"), "syslog", messages, LINES)
        for number in range(RUNS):
            peers.append(rsyslog(folder, messages))
            others.append(syslog_ng(folder, messages))
            if program:
                (folder / f"server-{number}").mkdir()
                rate, memory = ours(program, folder / f"server-{number}", messages)
                rates.append(rate / 1000)
    theirs = [rate / 1000 for rate in peers if rate]
    ng = [rate / 1000 for rate in others if rate]
    yield row(
        "logs: syslog over TCP, parsed, indexed and durable", statistics.median(rates or [0]), "k rows/cpu-s",
        "0.6 × rsyslog, which writes a file", peer=statistics.median(theirs) if theirs else None, peer_name="rsyslog",
        ratio_min=0.6,
        note=(f"{spread(rates, ' k')}; " if rates else "") + f"{memory:.0f} MiB resident"
        + (f"; rsyslog {spread(theirs, ' k')}" if theirs else "") + (f"; syslog-ng {spread(ng, ' k')}" if ng else ""))


class Sink:
    """Counts the lines that come over TCP, in a process of its own."""

    CODE = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connection, _ = server.accept()
count = 0
while piece := connection.recv(1 << 18):
    count += piece.count(b"\\n")
    open(sys.argv[2], "w").write(str(count))
"""

    def __init__(self, folder):
        self.port, self.file = free_port(), folder / "count"
        self.command = [sys.executable, "-c", self.CODE, str(self.port), str(self.file)]

    def count(self):
        text = self.file.read_text() if self.file.exists() else ""
        return int(text) if text else 0


def write_busy(file, lines):
    """Appends lines at the pace of a busy program, and returns how many."""
    each = PACE // WRITES
    began, count = time.monotonic(), 0
    with file.open("ab", buffering=0) as output:
        for turn in range(SECONDS * WRITES):
            piece = lines[count % len(lines):][:each]
            output.write(b"".join(piece))
            count += len(piece)
            time.sleep(max(0, began + (turn + 1) / WRITES - time.monotonic()))
    return count


def shipped(pid, file, lines, arrived):
    """What a process takes to ship what is written to a file: a share of a core, and the most that it was resident."""
    most, over = [0.0], threading.Event()

    def watch():
        while not over.wait(0.5):
            most[0] = max(most[0], resident_mib(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        before = cpu_seconds(pid)
        count = write_busy(file, lines)
        wait_until("the shipped lines", lambda: arrived() >= count, 60, 0.5)
        return (cpu_seconds(pid) - before) / SECONDS * 100, most[0]
    finally:
        over.set()
        watcher.join()


def rsyslog_forwards(folder, lines):
    if not shutil.which(RSYSLOG):
        return None
    sink, file = Sink(folder), folder / "busy.log"
    file.write_bytes(b"")
    (folder / "forward.conf").write_text(f"""global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile")
input(type="imfile" file="{file}" tag="busy:")
action(type="omfwd" target="127.0.0.1" port="{sink.port}" protocol="tcp")
""")
    with peer(sink.command):
        wait_until("the sink listens", lambda: str(f":{sink.port:04X}") in pathlib.Path("/proc/net/tcp").read_text(), 30)
        command = [RSYSLOG, "-n", "-f", str(folder / "forward.conf"), "-i", str(folder / "forward.pid")]
        with peer(command) as process:
            time.sleep(1)
            return shipped(process.pid, file, lines, sink.count)


def busy_fleet(folder):
    bench_repository.write(folder, instances=1, hosts=1)
    (folder / "fabrics/dev.yaml").write_text(f"""fabric: dev
logs:
  files:
    busy: {{ paths: ["{folder}/busy.log"], on: {{ hosts: [web-1] }}, labels: {{ stage: busy }} }}
""")


@figure("logs-agent", "logs", fleet=busy_fleet, seconds_max=400)
def agent(_, fleet):
    """An agent that ships a file of 50,000 lines a second to a server, which keeps them."""
    with room() as folder:
        run(build("logstore"), "syslog", folder / "text", LINES)
        lines = (folder / "text").read_bytes().splitlines(keepends=True)[:PACE * 4]
        peer_cpu, peer_memory = rsyslog_forwards(folder, lines) or (None, 0)
        file = pathlib.Path(fleet.example) / "busy.log"
        file.write_bytes(b"")
        os.chmod(file, 0o644)
        # What an agent takes while it starts is no part of shipping.
        time.sleep(5)

        # Lines of syslog say their app themselves, so it is asked for a label of ours.
        def arrived():
            return int(fleet.get("/v1/logs?from=-14d&query=stage:busy%20%7C%20count")["table"]["rows"][0][0])

        cpu, memory = shipped(fleet.facts["agents"]["web-1"], file, lines, arrived)
    yield row(
        "logs: an agent ships 50,000 lines a second", cpu, "% of a core", "1.5 × rsyslog that forwards the same",
        peer=peer_cpu, peer_name="rsyslog", ratio_max=1.5, note=f"{sum(map(len, lines)) / len(lines):.0f} bytes a line")
    yield row(
        "logs: an agent's memory while it does", memory, "MiB", "30 MiB", peer=peer_memory or None,
        peer_name="rsyslog", ours_max=30, note="the most that was seen")
