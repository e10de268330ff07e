"""Sends GET requests at a steady rate and counts precisely what came of them.

A request is served when a complete answer of status 2xx arrived in time. Everything else is
failed, with its reason: nothing is sent a second time. Half of the clients keep their connection,
half open one for each request. A kept connection that the server closed while it was idle is
opened again, as every browser does; once a request is on its way, there is no excuse.

The counters are written to a file ten times a second, by rename, so that a reader sees whole
ones. SIGINT or SIGTERM ends the load after the requests that are on their way.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import time
from urllib.parse import urlsplit

BODY_BYTES_MAX = 1 << 20
PAGE_VERSION = re.compile(rb'data-version="([\w.-]{1,32})"')


class Failure(Exception):
    """Why a request was not served."""


class Counters:
    def __init__(self):
        self.served = 0
        self.failed = 0
        self.reasons = {}
        self.sites = {}
        self.slowest_milliseconds = 0.0
        self.recent_failures = []

    def add_served(self, site, version, sent_at, milliseconds):
        self.served += 1
        self.slowest_milliseconds = max(self.slowest_milliseconds, milliseconds)
        versions = self.sites.setdefault(site, {})
        entry = versions.setdefault(version, {"served": 0, "first": time.time(), "last": 0.0, "lastSent": 0.0})
        entry["served"] += 1
        entry["last"] = time.time()
        entry["lastSent"] = max(entry["lastSent"], sent_at)

    def add_failed(self, site, reason):
        self.failed += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        self.recent_failures = [*self.recent_failures[-19:], {"at": time.time(), "site": site, "reason": reason}]

    def write(self, path):
        text = json.dumps({
            "at": time.time(), "served": self.served, "failed": self.failed, "reasons": self.reasons,
            "sites": self.sites, "slowestMilliseconds": round(self.slowest_milliseconds, 1),
            "recentFailures": self.recent_failures,
        })
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)


class Connection:
    """One HTTP/1.1 connection."""

    def __init__(self, address, port):
        self.address = address
        self.port = port
        self.reader = None
        self.writer = None

    async def get(self, host, path, keep):
        """Returns version, or throws Failure."""
        if self.writer is not None and (self.reader.at_eof() or self.writer.is_closing()):
            self.close()
        if self.writer is None:
            try:
                self.reader, self.writer = await asyncio.open_connection(self.address, self.port)
            except OSError as error:
                raise Failure(f"connect: {os.strerror(error.errno) if error.errno else error}") from None
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: */*", "User-Agent: apus-load"]
        lines.append("Connection: keep-alive" if keep else "Connection: close")
        try:
            self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await self.writer.drain()
            status, headers, body = await self.read_answer()
        except asyncio.IncompleteReadError:
            raise Failure("closed before the answer was complete") from None
        except OSError as error:
            raise Failure(f"connection: {os.strerror(error.errno) if error.errno else error}") from None
        if not keep or headers.get("connection", "").lower() == "close":
            self.close()
        if not 200 <= status <= 299:
            raise Failure(f"status {status}")
        if "x-shop-version" in headers:
            return headers["x-shop-version"]
        page = PAGE_VERSION.search(body)
        return page.group(1).decode() if page else "unknown"

    async def read_answer(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        parts = head[0].split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise Failure("not HTTP")
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            if name:
                headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await self.read_chunks()
        elif "content-length" in headers:
            body = await self.reader.readexactly(min(int(headers["content-length"]), BODY_BYTES_MAX))
        else:
            body = await self.reader.read(BODY_BYTES_MAX)
            headers["connection"] = "close"
        return int(parts[1]), headers, body

    async def read_chunks(self):
        body = b""
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            if size > BODY_BYTES_MAX:
                raise Failure("a chunk is too large")
            chunk = await self.reader.readexactly(size + 2)
            if size == 0:
                return body
            body += chunk[:-2]

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def run_client(number, options, counters, stop):
    address, port = options.address
    connection = Connection(address, port)
    keep = number % 2 == 0
    pause_seconds = options.clients / options.rate
    next_at = time.monotonic() + pause_seconds * number / options.clients
    turn = number
    while not stop.is_set():
        delay = next_at - time.monotonic()
        if delay > 0:
            try:
                await asyncio.wait_for(stop.wait(), delay)
                break
            except TimeoutError:
                pass
        # A slow answer makes the client late; it does not make a burst up for it.
        next_at = max(next_at + pause_seconds, time.monotonic() - pause_seconds)
        site, path = options.targets[turn % len(options.targets)]
        turn += 1
        began, sent_at = time.monotonic(), time.time()
        try:
            version = await asyncio.wait_for(connection.get(site, path, keep), options.timeout)
            counters.add_served(site, version, sent_at, (time.monotonic() - began) * 1000)
        except Failure as failure:
            counters.add_failed(site, str(failure))
            connection.close()
        except TimeoutError:
            counters.add_failed(site, f"no answer in {options.timeout:g} s")
            connection.close()
        except (ValueError, asyncio.LimitOverrunError):
            counters.add_failed(site, "not HTTP")
            connection.close()
    connection.close()


async def write_counters(path, counters, stop):
    while not stop.is_set():
        counters.write(path)
        await asyncio.sleep(0.1)


async def main(options):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.call_later(options.seconds_max, stop.set)
    counters = Counters()
    clients = [run_client(number, options, counters, stop) for number in range(options.clients)]
    await asyncio.gather(write_counters(options.counters, counters, stop), *clients)
    counters.write(options.counters)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edge", required=True, help="where the balancer listens: http://ADDRESS:PORT")
    parser.add_argument("--target", action="append", required=True, help="HOST/PATH to ask for; may be given again")
    parser.add_argument("--counters", required=True, help="the file that the counters are written to")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rate", type=float, default=300, help="requests a second, of all clients together")
    parser.add_argument("--timeout", type=float, default=10, help="seconds that an answer may take")
    parser.add_argument("--seconds-max", type=float, default=1800)
    options = parser.parse_args()
    edge = urlsplit(options.edge)
    # Only this machine: a load generator is not pointed at others.
    if edge.scheme != "http" or not (edge.hostname or "").startswith("127."):
        parser.error("--edge must be http:// and an address of the loopback network")
    options.address = (edge.hostname, edge.port or 80)
    options.targets = []
    for target in options.target:
        site, _, path = target.partition("/")
        options.targets.append((site, "/" + path))
    return options


if __name__ == "__main__":
    asyncio.run(main(arguments()))
