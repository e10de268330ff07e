"""Load by wrk: one that keeps its connections, and one that opens one for each request."""

import json
import pathlib
import shutil
import subprocess
import threading

from fleet import Trouble

LIB = pathlib.Path(__file__).resolve().parent
SCRIPT, POSTING_SCRIPT = LIB / "wrk.lua", LIB / "wrk-posts.lua"
ERRORS = ("connect", "read", "write", "timeout", "status")
SECONDS_OF_A_RUN = 10
# It ends by itself; one that does not is ended.
SECONDS_OF_A_RUN_MAX = 40


class Wrk:
    """Runs wrk again and again until it is stopped, and adds up what it counts."""

    def __init__(self, url, host, connections=16, keeps=True, script=SCRIPT):
        if not shutil.which("wrk"):
            raise Trouble("wrk is missing: bin/setup installs it.")
        self.command = [
            "wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{SECONDS_OF_A_RUN}s",
            "--timeout", "10s", "--script", str(script), "--header", f"Host: {host}"]
        if not keeps:
            self.command += ["--header", "Connection: close"]
        self.command.append(url)
        self.connections = connections
        self.runs = []
        self.trouble = None
        self.process = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            try:
                words = self.process.communicate(timeout=SECONDS_OF_A_RUN_MAX)[0]
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
                self.trouble = f"wrk did not end within {SECONDS_OF_A_RUN_MAX} s."
                return
            try:
                self.runs.append(json.loads(words.splitlines()[-1]))
            except (ValueError, IndexError):
                self.trouble = f"wrk ended with {self.process.returncode}: {words}"
                return

    @property
    def requests(self):
        return sum(run["requests"] for run in self.runs)

    def stop(self):
        """Waits for the run that is under way, and returns the totals."""
        self.stopping.set()
        self.thread.join()
        if self.trouble:
            raise Trouble(self.trouble)
        totals = {key: sum(run[key] for run in self.runs) for key in ("requests", "seconds", *ERRORS)}
        totals["runs"] = len(self.runs)
        totals["failed"] = sum(totals[key] for key in ERRORS)
        totals["p99"] = max(run["p99"] for run in self.runs)
        totals["max"] = max(run["max"] for run in self.runs)
        return totals


class Both:
    """Kept and new connections at once."""

    def __init__(self, url, host):
        self.kept, self.new = Wrk(url, host), Wrk(url, host, connections=8, keeps=False)

    @property
    def requests(self):
        return self.kept.requests + self.new.requests

    def stop(self):
        """Returns the totals, and a sentence with what failed on either."""
        try:
            kept = self.kept.stop()
        finally:
            new = self.new.stop()
        totals = {key: kept[key] + new[key] for key in ("requests", "failed", *ERRORS)}
        totals["inFlight"] = kept["runs"] * self.kept.connections + new["runs"] * self.new.connections
        words = []
        for what, counted in (("kept", kept), ("new", new)):
            errors = ", ".join(f"{key} {counted[key]}" for key in ERRORS if counted[key])
            words.append(f"{counted['requests']} on {what} connections (p99 {counted['p99']:.0f} ms, "
                         f"slowest {counted['max']:.0f} ms{'; ' + errors if errors else ''})")
        return totals, ", ".join(words)
