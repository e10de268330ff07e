"""Time series: what a store takes in, keeps and gives back, beside VictoriaMetrics with the same bytes."""

import contextlib
import json
import math
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from figures import figure, row
from fleet import Trouble, free_port
from peers import RUNS, build, bytes_in, cpu_seconds, end, medians, resident_mib

# Series and points of each: many series, and few that have a day at ten seconds' pace.
MANY = (10_000, 1_000)
DAY = (300, 8_640)
# What a server of an ordinary size keeps: 20,000 series for an hour.
ORDINARY = (20_000, 360)
SIZES = (10_000, 100_000, 1_000_000)
# Points of each series where only growth is looked at: a million series at ten seconds' pace for 5 minutes.
POINTS_OF_MANY = 30
STEP = 10
START = 1_700_000_000 // 600 * 600
PEER = "victoria-metrics"
# Answers in a row whose processor time is taken: the kernel counts it in hundredths of a second.
ROUNDS = 10


class Store:
    """Benchmarks' `series serve`: a store behind a listener for Graphite's lines, and the engine over it."""

    def __init__(self, folder, points):
        self.folder = folder
        now = START + points * STEP
        self.process = subprocess.Popen(
            [build("series"), "serve", folder, str(now)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.read()["port"])

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Trouble(f"`series serve` ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.read()

    def points(self):
        counts = self.ask("counts")
        if lost := counts["bad"] + counts["refused"] + counts["failed"]:
            raise Trouble(f"the store took {lost:.0f} points not: {counts}")
        return counts["points"]

    def settle(self):
        """Until everything is in blocks on the disk, merged."""
        self.ask("flush")

    def query(self, question, until):
        """Processor time of an answer as JSON, and the sum of its values."""
        answer = self.ask("render", ROUNDS, START - STEP, until, question["target"])
        return answer["seconds"], answer["sum"]

    def bytes(self):
        return bytes_in(self.folder)

    def stop(self):
        self.process.stdin.close()
        end(self.process)


class VictoriaMetrics:
    """A process of the peer with its data in a folder of its own, on loopback."""

    def __init__(self, folder, _):
        self.folder = folder
        self.http, self.port = free_port(), free_port()
        self.process = subprocess.Popen(
            [PEER, f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{self.http}",
             f"-graphiteListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=100y", "-loggerLevel=ERROR",
             "-search.latencyOffset=0s", "-search.maxUniqueTimeseries=2000000"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait(lambda: b"OK" in self.get("/health"), "it did not start", 30)
        except BaseException:
            self.stop()
            raise

    def get(self, path, seconds=120):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=seconds) as answer:
            return answer.read()

    def wait(self, is_so, trouble, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Trouble(f"{PEER} ended with {self.process.returncode}")
            with contextlib.suppress(OSError):
                if is_so():
                    return
            time.sleep(0.2)
        raise Trouble(f"{PEER}: {trouble} in {seconds} s")

    def points(self):
        text = self.get("/metrics").decode()
        return sum(
            int(float(line.split()[-1])) for line in text.splitlines()
            if line.startswith("vm_rows_inserted_total{type=\"graphite\"}"))

    def settle(self):
        """Until everything is on the disk and merged."""
        self.get("/internal/force_flush")
        self.get("/internal/force_merge")
        self.wait(self.is_idle, "merges go on", 120)

    def is_idle(self):
        lines = self.get("/metrics").decode().splitlines()
        return all(line.endswith(" 0") for line in lines if line.startswith("vm_active_merges{"))

    def query(self, question, until):
        """Processor time of an answer as JSON, and the sum of its values."""
        path = "/api/v1/query_range?nocache=1&" + urllib.parse.urlencode(
            {"query": question["query"], "start": START, "end": until, "step": STEP})
        before = cpu_seconds(self.process.pid)
        for _ in range(ROUNDS):
            answer = self.get(path)
        spent = cpu_seconds(self.process.pid) - before
        found = json.loads(answer)["data"]["result"]
        return spent / ROUNDS, math.fsum(float(value) for series in found for _, value in series["values"])

    def bytes(self):
        """Ends it first: what it keeps in memory is part of it."""
        self.stop()
        return bytes_in(pathlib.Path(self.folder, "data")) + bytes_in(pathlib.Path(self.folder, "indexdb"))

    def stop(self):
        end(self.process, signal.SIGINT)


@contextlib.contextmanager
def lines_of(series, points):
    """A file of Graphite's lines, in the order in which hosts send them."""
    with tempfile.NamedTemporaryFile(prefix="apus-lines-") as file:
        subprocess.run(
            [build("series"), "lines", str(series), str(points)], stdin=subprocess.DEVNULL, stdout=file, check=True)
        yield pathlib.Path(file.name)


def measure(kind, lines, total, points, questions=()):
    """One run: what a store needs to take the lines in over one connection, to keep them, and to answer."""
    until = START + (points - 1) * STEP
    with tempfile.TemporaryDirectory(prefix="apus-series-") as folder:
        store = kind(folder, points)
        try:
            pid = store.process.pid
            before = cpu_seconds(pid)
            with socket.create_connection(("127.0.0.1", store.port)) as connection, lines.open("rb") as file:
                connection.sendfile(file)
            deadline = time.monotonic() + 300
            while (taken := store.points()) < total:
                if time.monotonic() > deadline:
                    raise Trouble(f"only {taken} of {total} points were taken")
                time.sleep(0.05)
            resident = resident_mib(pid)
            store.settle()
            figures = {"rate": total / (cpu_seconds(pid) - before) / 1e6, "resident": resident}
            figures["settled"] = resident_mib(pid)
            for name, question in questions:
                figures[name], figures[f"{name}-sum"] = store.query(question, until)
            return figures | {"bytes": store.bytes() / total}
        finally:
            store.stop()


def both(size, questions=(), runs=RUNS):
    """The medians of ours and of the peer's, by turns; the peer's None where it is not installed."""
    series, points = size
    ours, theirs = [], []
    with lines_of(series, points) as lines:
        for _ in range(runs):
            ours.append(measure(Store, lines, series * points, points, questions))
            if shutil.which(PEER):
                theirs.append(measure(VictoriaMetrics, lines, series * points, points, questions))
    for run in theirs:
        for name, _ in questions:
            if not math.isclose(run[f"{name}-sum"], ours[0][f"{name}-sum"], rel_tol=1e-9):
                raise Trouble(f"{name}: {PEER} answers with other values than ours")
    return ours, theirs


def compared(figure_name, key, unit, goal, ours, theirs, scale=1, **limits):
    def note(runs):
        return f"{min(run[key] for run in runs) * scale:.3g} to {max(run[key] for run in runs) * scale:.3g}"

    peer = medians(theirs)[key] * scale if theirs else None
    words = f"ours {note(ours)}" + (f", {PEER} {note(theirs)}" if theirs else "")
    return row(figure_name, medians(ours)[key] * scale, unit, goal, peer, PEER, note=words, **limits)


@figure("series", "metrics", seconds_max=1200)
def measure_series(_, __):
    """10,000 series × 1,000 points as Graphite's lines over one connection: taken in, kept, summed up."""
    total = {"target": "sumSeries(servers.*.*.app.*.*)", "query": 'sum({__name__=~"servers[.].*"})'}
    ours, theirs = both(MANY, [("sum", total)])
    yield compared(
        "series-ingest", "rate", "M points/cpu-s", "1.5 × victoria-metrics", ours, theirs, ratio_min=1.5)
    yield compared(
        "series-bytes", "bytes", "bytes/point", "0.9 × victoria-metrics", ours, theirs, ratio_max=0.9)
    yield compared(
        "series-sum-10k", "sum", "cpu-ms", "half of victoria-metrics", ours, theirs, scale=1000, ratio_max=0.5)


@figure("series-day", "metrics", seconds_max=600)
def measure_day(_, __):
    """JSON of 100 series of a day."""
    hosts = range(0, 30, 3)
    wanted = {
        "target": "servers.dc0.web-{" + ",".join(map(str, hosts)) + "}.app.*.*",
        "query": '{__name__=~"servers[.]dc0[.]web-(' + "|".join(map(str, hosts)) + ')[.]app[.].*"}'}
    ours, theirs = both(DAY, [("day", wanted)])
    yield compared(
        "series-day-100", "day", "cpu-ms", "half of victoria-metrics", ours, theirs, scale=1000, ratio_max=0.5)


@figure("series-memory", "metrics", seconds_max=600)
def measure_memory(_, __):
    """The store and its listener with 20,000 series of an hour; the rest of the server is not in it."""
    ours, theirs = both(ORDINARY, runs=1)
    yield compared("series-memory", "resident", "MiB", "150 MiB", ours, theirs, ours_max=150)


@figure("series-scale", "metrics", seconds_max=1200)
def measure_series_scale(_, __):
    """Whether a point of a million series costs what one of 10,000 does, new series included."""
    ours, theirs = [], []
    for size in SIZES:
        (our,), their = both((size, POINTS_OF_MANY), runs=1)
        ours.append(our)
        theirs += their

    def note(name, runs):
        return f"{name} " + ", ".join(
            f"{size:,}: {run['rate']:.2f} M points/cpu-s, {run['resident']:.0f} MiB" for size, run in zip(SIZES, runs))

    def growth(runs):
        return runs[0]["rate"] / runs[-1]["rate"] if runs else None

    yield row(
        "series-linear", growth(ours), "×", "at most 3 × a point of 10,000 series", ours_max=3,
        peer=growth(theirs), peer_name=PEER, note="; ".join(note(*one) for one in (("ours", ours), (PEER, theirs))))
    # A point of each series every ten seconds.
    yield row(
        "series-million", SIZES[-1] / STEP / ours[-1]["rate"] / 1e6 * 100, "% of a core", "1M series at 10 s: told",
        peer=SIZES[-1] / STEP / theirs[-1]["rate"] / 1e6 * 100 if theirs else None, peer_name=PEER)
