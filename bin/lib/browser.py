"""Chromium through its debugging pipe: how long a page takes to be seen."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from fleet import Trouble


class Browser:
    """One headless Chromium, with a profile of its own, while the block runs."""

    def __init__(self, program="chromium"):
        self.program = shutil.which(program)
        if not self.program:
            raise Trouble("There is no chromium to open pages with.")

    def __enter__(self):
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        self.profile = tempfile.mkdtemp(prefix="apus-browser-")

        def pipes():
            os.dup2(to_browser, 13)
            os.dup2(from_browser, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [self.program, "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=pipes, close_fds=False, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.pending = 0, b""
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.output)
        os.close(self.input)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Trouble(f"The browser says to {method}: {answer['error']}")
                return answer["result"]

    def _receive(self, seconds=60):
        deadline = time.monotonic() + seconds
        while b"\0" not in self.pending:
            if not select.select([self.input], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Trouble("The browser does not answer.")
            self.pending += os.read(self.input, 1 << 20)
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def open(self, width=1280, height=900, scheme="light"):
        """A page of its own: pages that share a session share its six connections, and each holds one for its events."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": scheme}])
        return session

    def evaluate(self, session, text):
        return self.call("Runtime.evaluate", session, expression=text, returnByValue=True)["result"].get("value")

    def milliseconds_until(self, session, url, condition):
        """From the navigation until the condition holds and the page has been painted."""
        self.call("Page.navigate", session, url="about:blank")
        began = time.perf_counter()
        self.call("Page.navigate", session, url=url)
        painted = "performance.getEntriesByName('first-contentful-paint').length > 0"
        while not self.evaluate(session, f"location.href !== 'about:blank' && {painted} && !!({condition})"):
            if time.perf_counter() - began > 60:
                raise Trouble(f"{url} never showed {condition}.")
            time.sleep(0.005)
        return (time.perf_counter() - began) * 1000
