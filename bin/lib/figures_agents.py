"""What ten thousand agents cost a server. See bin/bench."""

import pathlib
import subprocess
import time

from agents import CrowdedServer, load_of, noticed, page_milliseconds, raise_limits, route_milliseconds
from browser import Browser
from figures import figure, row
from fleet import wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@figure("agents", seconds_max=1200)
def measure_agents(program, _):
    """10,000 agents and 100,000 instances on one server; agents and server share this machine."""
    crowd = subprocess.run(["bin/build", "--release", "--crowd"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    hosts = min(10_000, raise_limits() - 1000)
    fleet = CrowdedServer(program, crowd, hosts, 10 * hosts)
    try:
        fleet.start_server()
        fleet.start_agents(heartbeat=5)
        wait_until("every agent connected", lambda: fleet.said()["connected"] == hosts, 300)
        wait_until("every host known", lambda: fleet.contacts() == {"connected": hosts}, 60)
        time.sleep(15)
        cores, memory = load_of(fleet, 30)
        name = f"agents-{hosts}"
        yield row(f"{name}-cores", cores, "cores", "under 1", ours_max=1)
        yield row(f"{name}-memory", memory, "MiB", "under 1024 MiB", ours_max=1024)
        closed, cut = ["web-7", "web-17", "web-27"], ["web-8", "web-18", "web-28"]
        left = hosts - len(closed + cut)
        yield row("agent-closed-noticed", noticed(fleet, closed, "end"), "s", "under 15 s", ours_max=15)
        yield row("agent-cut-noticed", noticed(fleet, cut, "mute"), "s", "under 15 s", ours_max=15)
        for path in ("/v1/status", "/v1/hosts?limit=100", "/v1/instances?limit=100",
                     "/v1/instances?limit=100&filter=not%20colour%3Dgreen", "/v1/instances?limit=100&sort=host&offset=50000",
                     "/v1/groups/instances?by=zone", "/v1/hosts/web-100", "/v1/apps/app-7"):
            yield row(path.split("%")[0], route_milliseconds(fleet, path), "ms", "under 50 ms", ours_max=50)
        with Browser() as browser:
            for path, shown in (("/", ".group"), ("/hosts", "tr[data-row]"), ("/instances", "tr[data-row]"),
                                ("/apps/app-7", "tr[data-row]")):
                took = page_milliseconds(fleet, browser, path, f"document.querySelector('{shown}')")
                yield row(f"page {path}", took, "ms", "under 1000 ms", ours_max=1000)
        fleet.tell("churn 100")
        cores, memory = load_of(fleet, 15)
        yield row("agents-100-changes-cores", cores, "cores", "under 1", ours_max=1)
        fleet.tell("churn 0")
        yield row(f"{name}-memory-peak", fleet.memory_peak_mib(), "MiB", "under 1024 MiB", ours_max=1024)
        began = time.monotonic()
        fleet.stop_server(kill=True)
        fleet.start_server()
        wait_until("all agents back", lambda: fleet.said()["connected"] == left, 120)
        wait_until("all hosts known again", lambda: fleet.contacts().get("connected") == left, 60)
        yield row("agents-back-after-kill", time.monotonic() - began, "s", "under 60 s", ours_max=60)
        yield row("hosts-falsely-lost", fleet.contacts().get("lost", 0), "hosts", "none", ours_max=0)
    finally:
        fleet.stop()
