"""Ten thousand agents on one server: a fabric of any size, a server for it, and a crowd of agents. See bin/bench."""

import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from fleet import Trouble, free_port, wait_until

TICKS = os.sysconf("SC_CLK_TCK")


class CrowdedServer:
    """A real `apus server` of a fabric with so many hosts and instances, everything deployed, and its agents."""

    def __init__(self, program, crowd, hosts, instances, apps=50, zones=4):
        self.program, self.crowd, self.hosts = program, crowd, hosts
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-crowd-"))
        self.repository, self.state = self.folder / "infra", self.folder / "state"
        self.api, self.agents = free_port(), free_port()
        self.server = self.agents_process = None
        self.lines, self.token = [], None
        self._write_repository(hosts, instances, apps, zones)
        self._crowd("seed").check_returncode()

    def _write_repository(self, hosts, instances, apps, zones):
        names = "abcdefghij"[:zones]
        files = {
            "fabrics/prod.yaml": f"fabric: prod\nregions:\n  here: [{', '.join(names)}]\napply: manual\n",
            "classes/web.yaml": "class: web\nversion: 1\nlabels: { role: web }\n",
        }
        for first in range(0, hosts, 500):
            rows = "".join(
                f"  - {{ host: web-{n + 1}, class: web@1, address: 10.{n >> 16}.{n >> 8 & 255}.{n & 255}, "
                f"zone: {names[n % zones]}, memory: 16GiB, labels: {{ rack: r{n // 40} }} }}\n"
                for n in range(first, min(first + 500, hosts)))
            files[f"hosts/fleet-{first // 500}.yaml"] = "hosts:\n" + rows
        for app in range(apps):
            files[f"apps/app-{app + 1}.yaml"] = (
                f"app: app-{app + 1}\nsource: {{ path: src }}\nbuild: files\nprocesses:\n  web:\n    files: .\n"
                f"    instances: {instances // apps}\n    memory: 256MiB\n    health: {{ http: / }}\n")
        files["src/index.html"] = "hello\n"
        for path, text in files.items():
            (self.repository / path).parent.mkdir(parents=True, exist_ok=True)
            (self.repository / path).write_text(text)
        for command in (["init", "-q"], ["add", "-A"],
                        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "everything"]):
            subprocess.run(["git", *command], cwd=self.repository, check=True)

    def _options(self):
        return ["--config", str(self.repository), "--fabric", "prod", "--state", str(self.state)]

    def _crowd(self, verb):
        return subprocess.run([self.crowd, verb, *self._options()], stdout=subprocess.DEVNULL)

    def start_server(self):
        """Returns the seconds until it answers."""
        began = time.monotonic()
        log = open(self.folder / "server.log", "ab")
        self.server = subprocess.Popen(
            [self.program, "server", *self._options(), "--listen", f"127.0.0.1:{self.api}", "--agents", f"127.0.0.1:{self.agents}"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        wait_until("a server that answers", lambda: self.state.joinpath("admin.token").exists() and self.get("/v1/version"), 120)
        return time.monotonic() - began

    def stop_server(self, kill=False):
        if self.server:
            self.server.kill() if kill else self.server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(20)
            self.server.kill()
            self.server.wait()

    def start_agents(self, heartbeat=5, hosts=None):
        command = [self.crowd, "run", *self._options(), "--server", f"127.0.0.1:{self.agents}", "--heartbeat", str(heartbeat)]
        if hosts:
            command += ["--hosts", str(hosts)]
        self.agents_process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.agents_process.stdout:
            self.lines.append(json.loads(line))

    def tell(self, line):
        self.agents_process.stdin.write(line + "\n")
        self.agents_process.stdin.flush()

    def said(self):
        return self.lines[-1] if self.lines else {"connected": 0, "second": 0}

    def get(self, path, timeout=60):
        """The answer's JSON and headers."""
        token = self.state.joinpath("admin.token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.api}{path}", headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer), answer.headers

    def cookie(self):
        """A session of the dashboard, as a browser would get it."""
        token = self.state.joinpath("admin.token").read_text().strip()
        connection = http.client.HTTPConnection("127.0.0.1", self.api)
        connection.request("POST", "/login", urllib.parse.urlencode({"token": token}),
                           {"content-type": "application/x-www-form-urlencoded"})
        name, _, value = connection.getresponse().getheader("set-cookie").partition(";")[0].partition("=")
        return {"name": name, "value": value, "url": f"http://127.0.0.1:{self.api}"}

    def contacts(self):
        return {group.get("value"): sum(group["counts"].values()) for group in self.get("/v1/groups/hosts?by=state")[0]}

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self):
        return int(pathlib.Path(f"/proc/{self.server.pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024

    def memory_peak_mib(self):
        return int(pathlib.Path(f"/proc/{self.server.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

    def stop(self):
        if self.agents_process:
            with contextlib.suppress(OSError):
                self.agents_process.stdin.close()
            try:
                self.agents_process.wait(20)
            except subprocess.TimeoutExpired:
                self.agents_process.kill()
                self.agents_process.wait()
        self.stop_server()
        shutil.rmtree(self.folder, ignore_errors=True)


def raise_limits():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def load_of(fleet, seconds):
    """Cores that the server uses, and its memory in MiB, over so many seconds."""
    began, before = time.monotonic(), fleet.cpu_seconds()
    time.sleep(seconds)
    return (fleet.cpu_seconds() - before) / (time.monotonic() - began), fleet.memory_mib()


def noticed(fleet, hosts, how):
    """Median of the seconds until the server no longer takes each of the hosts for connected."""
    return sorted(seconds_until_noticed(fleet, host, how) for host in hosts)[len(hosts) // 2]


def seconds_until_noticed(fleet, host, how):
    began = time.monotonic()
    fleet.tell(f"{how} {host}")
    wait_until(f"the server noticing that {host} is gone",
               lambda: fleet.get(f"/v1/hosts/{host}")[0]["host"]["contact"] != "connected", 60, 0.2)
    return time.monotonic() - began


def route_milliseconds(fleet, path, runs=15):
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        fleet.get(path)
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[len(times) // 2]


def page_milliseconds(fleet, browser, path, condition, runs=5):
    """Median time from the navigation until the first rows are seen."""
    session = browser.open()
    browser.call("Network.setCookie", session, **fleet.cookie())
    times = [browser.milliseconds_until(session, f"http://127.0.0.1:{fleet.api}{path}", condition) for _ in range(runs)]
    return sorted(times)[runs // 2]
