"""Logs: what a server takes in by Elasticsearch's bulk API."""

import json
import pathlib
import random
import shutil
import statistics
import tempfile
import time

from figures import figure, row, spread
from figures_soak import Server
from fleet import Trouble
from peers import RUNS, cpu_seconds, resident_mib

ROWS = 500_000
ROWS_OF_BODY = 10_000


def bodies():
    """Requests of an app's lines in JSON, about 200 bytes each, the same in every run."""
    source = random.Random(1)
    now = int(time.time() * 1000) - ROWS
    for first in range(0, ROWS, ROWS_OF_BODY):
        lines = []
        for number in range(first, first + ROWS_OF_BODY):
            lines.append('{"create":{"_index":"shop"}}')
            lines.append(json.dumps({
                "@timestamp": now + number,
                "level": source.choice(["info", "info", "info", "warn", "error"]),
                "message": f"request {source.getrandbits(32):08x} of user {source.randrange(10 ** 6)} "
                f"took {source.randrange(3000)} ms",
                "path": f"/{source.choice(['cart', 'order', 'item'])}/{source.randrange(10 ** 5)}",
                "status": source.choice([200, 200, 200, 404, 500]),
                "trace": f"{source.getrandbits(64):016x}"}))
        yield ("\n".join(lines) + "\n").encode()


def taken(program, requests):
    """Rows of a processor second, and the memory then."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench-logs-"))
    server = Server(program, folder)
    try:
        server.start()
        began = cpu_seconds(server.process.pid)
        for body in requests:
            with server.request("/_bulk", body, {"content-type": "application/x-ndjson"}) as answer:
                if b'"errors":false' not in answer.read():
                    raise Trouble("the server refused lines")
        seconds = cpu_seconds(server.process.pid) - began
        found = json.loads(server.ask("/v1/logs?from=-1d&query=-app:apus%20%7C%20count"))["table"]["rows"][0][0]
        if int(found) != ROWS:
            raise Trouble(f"{found} of {ROWS} lines are found")
        return ROWS / seconds, resident_mib(server.process.pid)
    finally:
        if hasattr(server, "process"):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@figure("logs-bulk", "logs")
def bulk(program, _):
    requests = list(bodies())
    runs = [taken(program, requests) for _ in range(RUNS)]
    rates = [rate / 1000 for rate, _ in runs]
    yield row(
        "logs: lines by _bulk over HTTP, durable and indexed", statistics.median(rates), "k lines/cpu-s",
        "400 k lines/cpu-s", ours_min=400,
        note=f"{spread(rates, ' k')}; {statistics.median(memory for _, memory in runs):.0f} MiB resident")
