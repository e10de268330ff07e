"""The server under load with kill -9 every few minutes: is every acknowledged point there? See bin/bench."""

import base64
import contextlib
import gzip
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from figures import figure, row
from fleet import Trouble, free_port, wait_until
from peers import cpu_seconds, resident_mib

# Ten times the seeds' size: series that have a point each second, from so many senders.
SERIES = 20_000
SENDERS = 4
KILL_SECONDS = 180
# What one question asks for: a chunk of seconds of one sender's series.
CHUNK = 300


class Server:
    """`apus server` with a repository of its own, which is killed and started again."""

    def __init__(self, program, folder, files=None, options=()):
        self.program, self.folder, self.options = program, folder, options
        self.ports = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.ports[0]}"
        self.cpu = 0.0
        self.memory = 0.0
        repository = folder / "repository"
        files = files or {"fabrics/dev.yaml": 'fabric: dev\nmetrics:\n  retention: [{ match: "**", keep: "1s:1d" }]\n'}
        for name, text in files.items():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / name).write_text(text)
        for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"],
                      ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "-m", "Begin"]):
            subprocess.run(["git", "-C", repository, *words], check=True)

    def start(self):
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "server", "--config", self.folder / "repository", "--fabric", "dev", "--state",
                 self.folder / "state", "--listen", f"127.0.0.1:{self.ports[0]}", "--agents",
                 f"127.0.0.1:{self.ports[1]}", "--statsd", "none", "--carbon", "none",
                 *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        token = self.folder / "state/admin.token"
        began = time.monotonic()
        wait_until("the token", token.exists, 60)
        self.token = token.read_text().strip()
        wait_until("the server's answer", self.is_there, 120, 0.02)
        return time.monotonic() - began

    def is_there(self):
        if self.process.poll() is not None:
            raise Trouble(f"the server ended with {self.process.returncode}: see server.log")
        with contextlib.suppress(OSError):
            self.ask("/metrics/find?query=none")
            return True
        return False

    def request(self, path, body=None, headers=None):
        request = urllib.request.Request(self.url + path, body, headers or {})
        login = base64.b64encode(b"any:" + self.token.encode()).decode()
        request.add_header("authorization", f"Basic {login}")
        return urllib.request.urlopen(request, timeout=60)

    def ask(self, path):
        with self.request(path) as answer:
            return answer.read()

    def note(self):
        self.cpu += cpu_seconds(self.process.pid)
        self.memory = max(self.memory, resident_mib(self.process.pid))

    def kill(self):
        self.note()
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Sender(threading.Thread):
    """Sends its series' points of each second until they are acknowledged, one request after another."""

    def __init__(self, server, number, begin, end):
        super().__init__(daemon=True)
        self.server, self.number, self.begin, self.end = server, number, begin, end
        self.acknowledged = []
        self.again = 0
        self.trouble = None
        self.is_over = False
        count = SERIES // SENDERS
        # What changes from second to second is only the time and one number, so that sending costs little.
        self.names = [f'{{"name":"soak.s{number}.n{place}","time":' for place in range(count)]

    @staticmethod
    def value(second, place):
        return (second * 7 + place * 13) % 1000

    def body(self, second):
        parts = (f'{name}{second * 1000},"value":{self.value(second, place)}}}' for place, name in enumerate(self.names))
        return gzip.compress(("[" + ",".join(parts) + "]").encode(), 1)

    def run(self):
        try:
            for second in range(self.begin, self.end):
                time.sleep(max(0, second - time.time()))
                self.send(second, self.body(second))
        except Exception as fault:  # noqa: BLE001  (told by whoever waits)
            self.trouble = fault

    def send(self, second, body):
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        while not self.is_over:
            try:
                with self.server.request("/v1/points", body, headers) as answer:
                    taken = json.load(answer)
                if taken["refused"]:
                    raise Trouble(f"points were refused: {taken}")
                self.acknowledged.append(second)
                return
            except urllib.error.HTTPError as fault:
                raise Trouble(f"{fault}: {fault.read()[:300]}") from None
            except OSError:
                # The server is away: nobody knows whether it took them.
                self.again += 1
                time.sleep(0.1)


def missing(server, sender):
    """How many of a sender's acknowledged points are not there as they were sent."""
    lost = 0
    acknowledged = set(sender.acknowledged)
    count = SERIES // SENDERS
    for begin in range(sender.begin, sender.end, CHUNK):
        until = min(begin + CHUNK, sender.end) - 1
        series = f"soak.s{sender.number}.*"
        sums = answer(server, f"sumSeries({series})", begin, until)
        counts = answer(server, f"sumSeries(offset(scale({series},0),1))", begin, until)
        for second in range(begin, until + 1):
            if second not in acknowledged:
                continue
            there = int(counts.get(second) or 0)
            expected = sum(Sender.value(second, place) for place in range(count))
            if there == count and not math.isclose(sums.get(second) or 0, expected):
                there = 0
            lost += count - there
    return lost


def answer(server, target, begin, until):
    query = urllib.parse.urlencode({"target": target, "from": begin - 1, "until": until, "format": "json"})
    series = json.loads(server.ask("/render?" + query))
    return {at: value for one in series for value, at in one["datapoints"]}


@figure("metrics-soak", "soak", seconds_max=3 * 3600, is_long=True)
def soak(program, _):
    minutes = float(os.environ.get("APUS_SOAK_MINUTES", "60"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-soak-", dir="/tmp"))
    server = Server(program, folder)
    senders = []
    starts = []
    try:
        server.start()
        begin = int(time.time()) + 2
        end = begin + int(minutes * 60)
        senders = [Sender(server, number, begin, end) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        gap = min(KILL_SECONDS, minutes * 60 / 4)
        at = begin + gap
        while at < end - gap / 2:
            time.sleep(max(0, at - time.time()))
            server.kill()
            starts.append(server.start())
            at += gap
        for sender in senders:
            sender.join(end - time.time() + 300)
            if sender.trouble or sender.is_alive():
                raise Trouble(f"a sender did not come to its end: {sender.trouble}")
        server.note()
        lost = sum(missing(server, sender) for sender in senders)
        sent = sum(len(sender.acknowledged) for sender in senders) * (SERIES // SENDERS)
        yield row(
            "soak: acknowledged points that are missing", lost, "points", "0", ours_max=0,
            is_whole=sent == SERIES * (end - begin),
            note=f"{sent} points acknowledged in {minutes:g} min, {len(starts)} × kill -9, "
            f"{sum(sender.again for sender in senders)} requests sent again, "
            f"ready after {', '.join(f'{seconds:.1f}' for seconds in starts)} s, "
            f"{server.cpu / (end - begin):.2f} of a core, at most {server.memory:.0f} MiB")
    finally:
        for sender in senders:
            sender.is_over = True
        if hasattr(server, "process"):
            server.stop()
        if "APUS_TEST_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
