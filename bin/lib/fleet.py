"""A fleet on this machine, run by `apus dev`, for the demo and the benchmarks."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

LIB = pathlib.Path(__file__).resolve().parent


class Trouble(Exception):
    """What did not come about, for the reader of the terminal."""


def wait_until(what, condition, seconds, pause_seconds=0.1):
    """Returns the first true value of `condition`; raises Trouble after `seconds`."""
    deadline = time.monotonic() + seconds
    last_error = None
    while True:
        try:
            value = condition()
            if value:
                return value
        except (OSError, ValueError, KeyError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            last_error = error
        if time.monotonic() > deadline:
            detail = f" Last error: {last_error}." if last_error else ""
            raise Trouble(f"{what} did not happen within {seconds:g} s.{detail}")
        time.sleep(pause_seconds)


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(address, port):
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def processes():
    """Every process that this user may look at: {pid: (parent, command line, working folder)}."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            base = pathlib.Path("/proc") / entry
            state, parent = base.joinpath("stat").read_text().rpartition(")")[2].split()[:2]
            if state in "ZX":
                continue
            command = base.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            folder = ""
            with contextlib.suppress(OSError):
                folder = os.readlink(base / "cwd")
            found[int(entry)] = (int(parent), command, folder)
    return found


def processes_of(folder):
    """Processes that were started from `folder` or mention it: all that belong to a state folder."""
    marks = (f"{folder}/", f"{folder} ")
    mine = os.getpid()
    return [
        pid for pid, (_, command, cwd) in processes().items()
        if pid != mine and (any(mark in f"{command} " for mark in marks) or f"{cwd}/".startswith(f"{folder}/"))
    ]


def descendants(pid):
    table = processes()
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        children = [child for child, (its_parent, _, _) in table.items() if its_parent == parent]
        found += children
        queue += children
    return found


def kill(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Fleet:
    """`apus dev` of a configuration repository, in a state folder of its own."""

    def __init__(self, program, example):
        self.program = str(pathlib.Path(program).resolve())
        self.example = str(pathlib.Path(example).resolve())
        # Short, because sockets live in it and their paths are limited.
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="apus-", dir="/tmp"))
        # A folder that a user of any app can pass through.
        self.state.chmod(0o755)
        self.log = self.state / "dev.log"
        self.process = None
        self.facts = None

    def start(self, seconds=300):
        for address in self.edge_addresses():
            if is_listening(address, 8080):
                raise Trouble(f"Something listens at {address}:8080 already: another fleet? End it first.")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "dev", self.example, "--state", str(self.state), "--port", str(free_port())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        facts = self.state / "dev.json"

        def is_ready():
            if self.process.poll() is not None:
                raise Trouble(f"`apus dev` ended with {self.process.returncode}:\n{self.log_tail()}")
            return facts.exists() and json.loads(facts.read_text())

        try:
            self.facts = wait_until("`apus dev` being ready", is_ready, seconds)
        except Trouble as trouble:
            raise Trouble(f"{trouble} It said last:\n{self.log_tail(10)}") from None
        return self.facts

    def edge_addresses(self):
        """Addresses of the hosts of the repository that are called edge-…."""
        for file in (pathlib.Path(self.example) / "hosts").glob("*.yaml"):
            yield from re.findall(r"host: edge-\d+,.*?address: ([\d.]+)", file.read_text())

    @property
    def environment(self):
        return {**os.environ, "APUS_URL": self.facts["api"], "APUS_TOKEN": self.facts["token"], "NO_COLOR": "1"}

    def apus(self, *arguments, seconds=300, echo=False):
        """Runs a command of the CLI. Returns (standard output, seconds). Trouble if it fails."""
        began = time.monotonic()
        done = subprocess.run(
            [self.program, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=seconds, check=False)
        took = time.monotonic() - began
        words = (done.stdout + done.stderr).strip()
        if echo and words:
            print("\n".join("    " + line for line in words.splitlines()), file=sys.stderr)
        if done.returncode != 0:
            raise Trouble(f"`apus {' '.join(arguments)}` ended with {done.returncode}:\n{words}")
        return done.stdout, took

    def read(self, *arguments):
        """What a reading command says as JSON: a list, whether it came as one or line by line."""
        text = self.apus(*arguments, "--json", seconds=30)[0].strip()
        try:
            value = json.loads(text)
        except ValueError:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
            return next(iter(value.values()))
        return value if isinstance(value, list) else [value]

    def get(self, path):
        """What the API answers to a GET, as JSON."""
        return json.loads(self.text(path))

    def text(self, path):
        """What is answered to a GET."""
        request = urllib.request.Request(
            self.facts["api"] + path, headers={"Authorization": f"Bearer {self.facts['token']}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def executions(self):
        """Every execution there was, by its identity."""
        return {execution["id"]: execution for execution in self.get("/v1/executions?limit=1000")}

    def instances(self, app=None, process=None):
        return [
            instance for instance in self.read("instances")
            if (app is None or instance["app"] == app) and (process is None or instance["process"] == process)
        ]

    def serving(self, app, process):
        """Instances that take part, run, and answer their probe."""
        return [
            instance for instance in self.instances(app, process)
            if str(instance.get("duty", "")).startswith("serving") and instance["state"] == "running"
            and instance["health"] in ("healthy", "unchecked")
        ]

    def commit(self, overlay, message):
        """Lays `overlay` over the working tree of the fleet's repository, and commits."""
        shutil.copytree(overlay, self.facts["repository"], dirs_exist_ok=True)
        self.commit_all(message)

    def commit_texts(self, texts, message):
        """Writes files, by their path in the fleet's repository, and commits."""
        for path, text in texts.items():
            pathlib.Path(self.facts["repository"], path).write_text(text)
        self.commit_all(message)

    def commit_all(self, message):
        repository = self.facts["repository"]
        who = ["-c", "user.name=Demo", "-c", "user.email=demo@localhost"]
        for arguments in (["add", "--all"], [*who, "commit", "--quiet", "--message", message]):
            subprocess.run(["git", "-C", repository, *arguments], check=True, stdin=subprocess.DEVNULL)

    def kill_host(self, name):
        """Ends everything of a host at once, as a power cut would. Returns how many processes."""
        agent = int(self.facts["agents"][name])
        roots = [path for path in self.state.rglob(name) if path.is_dir()]
        instances = [i for i in self.instances() if i["host"] == name and i.get("processID")]
        # The agent first: it must not see its instances go.
        doomed = [agent, *descendants(agent)]
        kill(doomed)
        table = processes()
        for instance in instances:
            pid = int(instance["processID"])
            parent = table.get(pid, (1, "", ""))[0]
            if parent > 1 and "apus" in table.get(parent, (0, "", ""))[1]:
                doomed.append(parent)
            doomed += [pid, *descendants(pid)]
        for root in roots:
            doomed += processes_of(root)
        doomed = [pid for pid in dict.fromkeys(doomed) if pid not in (1, os.getpid(), self.process.pid)]
        kill(doomed)
        return len(doomed)

    def log_tail(self, lines=40):
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def stop(self, seconds=30):
        """Ends the fleet, and raises Trouble if it left a process behind (which is then ended)."""
        trouble = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                trouble = f"`apus dev` did not end within {seconds} s of SIGINT."
                kill([*descendants(self.process.pid), self.process.pid])
                self.process.wait()
        # What was just told to end may need a moment.
        deadline = time.monotonic() + 5
        while (left := processes_of(self.state)) and time.monotonic() < deadline:
            time.sleep(0.1)
        if left:
            table = processes()
            listing = "\n".join(f"  {pid} {table[pid][1][:140]}" for pid in left if pid in table)
            trouble = trouble or f"`apus dev` left processes running:\n{listing}"
            kill(left)
        if trouble:
            raise Trouble(trouble)

    def keep_logs(self, folder):
        """Copies what explains a failure out of the state folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path in [*self.state.rglob("*.log"), *self.state.glob("*.json")]:
            with contextlib.suppress(OSError):
                if path.name != "dev.json" and path.stat().st_size < 10 << 20:
                    shutil.copy(path, folder / "_".join(path.relative_to(self.state).parts))

    def remove(self):
        shutil.rmtree(self.state, ignore_errors=True)


class Load:
    """Requests of bin/lib/load.py against a fleet's edge."""

    def __init__(self, fleet, targets, rate=300, clients=16):
        self.counters = fleet.state / "load.json"
        command = [sys.executable, str(LIB / "load.py"), "--edge", fleet.facts["edge"], "--counters", str(self.counters)]
        for target in targets:
            command += ["--target", target]
        command += ["--rate", str(rate), "--clients", str(clients)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until("The load's start", self.counters.exists, 10)

    def read(self):
        return json.loads(self.counters.read_text())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.read()
