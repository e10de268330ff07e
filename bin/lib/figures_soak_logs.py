"""Lines of busy files under kill -9 of both ends: is every line in the store, and once? See bin/bench."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

from figures import figure, row
from figures_soak import Server
from fleet import Trouble, wait_until
from peers import cpu_seconds, resident_mib

HOSTS = 2
WRITERS_OF_HOST = 2
LINES_A_SECOND = 1000
ROTATE_SECONDS = 7
# Rotated files that stay: what an agent that is away for half a minute still finds.
ROTATED_KEPT = 8


class Agent:
    """`apus agent` of one host, which is killed and started again."""

    def __init__(self, program, folder, server, number):
        self.program, self.folder, self.server = program, folder, server
        self.host = f"host-{number}"
        self.address = f"127.0.46.{number}"
        self.cpu = 0.0
        self.memory = 0.0

    def start(self):
        words = [self.program, "agent", "--server", f"127.0.0.1:{self.server.ports[1]}", "--host", self.host,
                 "--address", self.address, "--root", self.folder / self.host]
        if not (self.folder / self.host / "identity.json").exists():
            environment = dict(os.environ, APUS_URL=self.server.url, APUS_TOKEN=self.server.token)
            token = subprocess.run([self.program, "token", "join", self.host], env=environment, check=True,
                                   capture_output=True, text=True).stdout
            join = self.folder / f"{self.host}.join"
            join.write_text(token)
            words += ["--join-file", join]
        with open(self.folder / f"{self.host}.log", "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def note(self):
        if self.process.poll() is None:
            self.cpu += cpu_seconds(self.process.pid)
            self.memory = max(self.memory, resident_mib(self.process.pid))

    def kill(self):
        self.note()
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.note()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        if self.process.poll() is None:
            self.kill()


class Writer(threading.Thread):
    """An app that writes numbered lines into a file, which is renamed every few seconds."""

    def __init__(self, folder, name, seconds):
        super().__init__(daemon=True)
        self.path, self.name_of_app, self.seconds = folder / f"{name}.log", name, seconds
        self.count = 0
        self.rotations = 0

    def run(self):
        source = random.Random(self.name_of_app)
        began = rotated = time.monotonic()
        file = open(self.path, "wb")  # noqa: SIM115  (changes with each rotation)
        while time.monotonic() - began < self.seconds:
            due = int((time.monotonic() - began) * LINES_A_SECOND)
            lines = []
            while self.count < due:
                lines.append(
                    f"w={self.name_of_app} n={self.count} level=info user={source.randrange(10 ** 6)} "
                    f'msg="order packed in {source.randrange(900)} ms"\n')
                self.count += 1
            file.write("".join(lines).encode())
            file.flush()
            if time.monotonic() - rotated > ROTATE_SECONDS:
                rotated = time.monotonic()
                file = self.rotate(file)
            time.sleep(0.05)
        file.close()

    def rotate(self, file):
        """As logrotate does: names move up by one, and a new file begins."""
        file.close()
        for number in range(ROTATED_KEPT, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if number == ROTATED_KEPT:
                older.unlink(missing_ok=True)
            elif older.exists():
                older.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))
        self.rotations += 1
        return open(self.path, "wb")


def files(folder):
    hosts = "".join(f"  - {{ host: host-{number}, address: 127.0.46.{number} }}\n" for number in range(1, HOSTS + 1))
    groups = "".join(
        f"    soak-{number}:\n      paths: {folder}/host-{number}-*.log*\n      on: {{ hosts: [host-{number}] }}\n"
        "      labels: { app: soak }\n" for number in range(1, HOSTS + 1))
    return {"fabrics/dev.yaml": f"fabric: dev\nlogs:\n  files:\n{groups}", "hosts/fleet.yaml": f"hosts:\n{hosts}"}


def asked(server, query):
    text = urllib.parse.quote(query)
    return json.loads(server.ask(f"/v1/logs?from=-1d&query={text}"))["table"]["rows"]


def found(server):
    """Of each writer how many lines there are, and the sum of their numbers."""
    rows = asked(server, "app:soak | count, sum(n), max(n) by w")
    return {name: (int(float(count)), int(float(total)), int(float(last))) for name, count, total, last in rows}


@figure("logs-soak", "soak", seconds_max=3 * 3600, is_long=True)
def soak(program, _):
    minutes = float(os.environ.get("APUS_SOAK_MINUTES", "60"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-soak-", dir="/tmp"))
    written = folder / "written"
    written.mkdir()
    server = Server(program, folder, files(written))
    agents = [Agent(program, folder, server, number) for number in range(1, HOSTS + 1)]
    chance = random.Random(1)
    kills = {"server": 0, "agent": 0}
    try:
        server.start()
        for agent in agents:
            agent.start()
        writers = [Writer(written, f"host-{host}-{number}", minutes * 60)
                   for host in range(1, HOSTS + 1) for number in range(WRITERS_OF_HOST)]
        for writer in writers:
            writer.start()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end - 10:
            time.sleep(chance.uniform(3, 15))
            if chance.random() < 0.5:
                server.kill()
                time.sleep(chance.uniform(0, 3))
                server.start()
                kills["server"] += 1
            else:
                agent = chance.choice(agents)
                agent.kill()
                time.sleep(chance.uniform(0, 3))
                agent.start()
                kills["agent"] += 1
        for writer in writers:
            writer.join(60)
        expected = {writer.name_of_app: writer.count for writer in writers}
        with contextlib.suppress(Trouble):
            wait_until("every line", lambda: whole(found(server), expected), 90, 1)
        there = found(server)
        server.note()
        missing = sum(max(0, count - there.get(name, (0, 0, 0))[0]) for name, count in expected.items())
        doubled = sum(max(0, there.get(name, (0, 0, 0))[0] - count) for name, count in expected.items())
        rotations = sum(writer.rotations for writer in writers)
        for agent in agents:
            agent.note()
        yield row(
            "soak: lines that are missing or there twice", missing + doubled, "lines", "0", ours_max=0,
            is_whole=whole(there, expected),
            note=f"{sum(expected.values())} lines in {minutes:g} min, {rotations} rotations, kill -9 of the server "
            f"{kills['server']} times and of agents {kills['agent']}; {missing} missing, {doubled} twice; "
            f"server {server.cpu / minutes / 60:.2f} of a core, at most {server.memory:.0f} MiB; "
            f"agents at most {max(agent.memory for agent in agents):.0f} MiB")
    finally:
        for agent in agents:
            if hasattr(agent, "process"):
                agent.stop()
        if hasattr(server, "process"):
            server.stop()
        if "APUS_TEST_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


def whole(there, expected):
    """Whether each writer's numbers are there, each once: as many, with their sum and the last one."""
    return all(
        there.get(name) == (count, count * (count - 1) // 2, count - 1) for name, count in expected.items())
