"""Figures of Apus beside its peers'. See bin/bench."""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from agents import CrowdedServer, load_of, noticed, raise_limits, route_milliseconds
from fleet import Fleet, Load, Trouble, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "shop"
MEMORY_MIB_MAX = 30
FIGURES = {}


def figure(name, needs_fleet=False):
    def register(measure):
        FIGURES[name] = (measure, needs_fleet)
        return measure
    return register


def row(name, ours, unit, goal, peer=None, peer_name=None, ratio_max=None, ours_max=None):
    """A figure. It holds if it keeps every limit it was given; a limit without its peer does not."""
    ratio = ours / peer if peer else None
    holds = True
    if ratio_max is not None:
        holds = holds and ratio is not None and ratio <= ratio_max
    if ours_max is not None:
        holds = holds and ours <= ours_max
    return {
        "name": name, "ours": round(ours, 3), "unit": unit, "peer": None if peer is None else round(peer, 3),
        "peerName": peer_name, "ratio": None if ratio is None else round(ratio, 3), "goal": goal, "holds": holds,
    }


def milliseconds(command, runs=40, environment=None):
    """Median time of a command, after a few runs that warm the caches."""
    times = []
    for number in range(runs + 3):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
        if number >= 3:
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


@figure("version")
def measure_version(program, _):
    peer = milliseconds(["redis-cli", "--version"]) if shutil.which("redis-cli") else None
    yield row("version", milliseconds([program, "--version"]), "ms", "at most 2 × redis-cli --version",
              peer, "redis-cli", ratio_max=2)


@figure("status", needs_fleet=True)
def measure_status(program, fleet):
    yield row("status", milliseconds([program, "status"], environment=fleet.environment), "ms", "under 60 ms", ours_max=60)


@figure("agent-memory", needs_fleet=True)
def measure_agent_memory(_, fleet):
    sizes = []
    for pid in fleet.facts["agents"].values():
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        sizes.append(int(text.split("VmRSS:")[1].split()[0]) / 1024)
    yield row("agent-memory", max(sizes), "MiB", f"at most {MEMORY_MIB_MAX} MiB", ours_max=MEMORY_MIB_MAX)


@figure("rollback", needs_fleet=True)
def measure_rollback(_, fleet):
    """From the command to the last answer of the release that is left, with 4 warm instances."""
    load = Load(fleet, ["shop.localhost/"])
    try:
        wait_until("version 1 answering", lambda: "1" in load.read()["sites"].get("shop.localhost", {}), 30)
        fleet.commit(EXAMPLE / "next", "Version 2")
        fleet.apus("deploy", "shop", "--wait")
        time.sleep(2)
        began = time.time()
        fleet.apus("rollback", "shop", "--yes")
        time.sleep(2)
        seen = load.read()
        took = seen["sites"]["shop.localhost"]["2"]["last"] - began
    finally:
        totals = load.stop()
    yield row("rollback", took, "s", "under 1 s", ours_max=1)
    yield row("rollback-failed-requests", totals["failed"], "requests", "none", ours_max=0)


@figure("agents")
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
        yield row("agent-closed-noticed", noticed(fleet, "web-7", "end"), "s", "under 15 s", ours_max=15)
        yield row("agent-cut-noticed", noticed(fleet, "web-8", "mute"), "s", "under 15 s", ours_max=15)
        for path in ("/v1/status", "/v1/hosts?limit=100", "/v1/instances?limit=100",
                     "/v1/instances?limit=100&filter=not%20colour%3Dgreen", "/v1/instances?limit=100&sort=host&offset=50000",
                     "/v1/groups/instances?by=zone", "/v1/hosts/web-100", "/v1/apps/app-7"):
            yield row(path.split("%")[0], route_milliseconds(fleet, path), "ms", "under 50 ms", ours_max=50)
        fleet.tell("churn 100")
        cores, memory = load_of(fleet, 15)
        yield row("agents-100-changes-cores", cores, "cores", "under 1", ours_max=1)
        fleet.tell("churn 0")
        began = time.monotonic()
        fleet.stop_server(kill=True)
        fleet.start_server()
        wait_until("all agents back", lambda: fleet.said()["connected"] == hosts - 2, 120)
        wait_until("all hosts known again", lambda: fleet.contacts().get("connected") == hosts - 2, 60)
        yield row("agents-back-after-kill", time.monotonic() - began, "s", "under 60 s", ours_max=60)
        yield row("hosts-falsely-lost", fleet.contacts().get("lost", 0), "hosts", "none", ours_max=0)
    finally:
        fleet.stop()


def print_row(entry, as_json):
    if as_json:
        print(json.dumps(entry), flush=True)
        return
    ours = f"{entry['ours']:g} {entry['unit']}"
    peer = f"{entry['peer']:g} {entry['unit']} ({entry['peerName']})" if entry["peer"] is not None else "-"
    if entry["peer"] is None and entry["peerName"]:
        peer = f"{entry['peerName']} is missing"
    ratio = f"{entry['ratio']:.2f}" if entry["ratio"] is not None else "-"
    verdict = "holds" if entry["holds"] else "DOES NOT HOLD"
    print(f"{entry['name']:26} {ours:>16} {peer:>28} {ratio:>6}  {entry['goal']:34} {verdict}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--program", required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_intermixed_args()
    if options.list:
        print("\n".join(FIGURES))
        return
    unknown = set(options.names) - set(FIGURES)
    if unknown:
        sys.exit(f"bench: no figure is called {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    chosen = {name: FIGURES[name] for name in FIGURES if not options.names or name in options.names}
    if not options.json:
        print(f"{'name':26} {'ours':>16} {'peer':>28} {'ratio':>6}  {'goal':34} holds or not")
    fleet, hold = None, True
    try:
        for measure, needs_fleet in chosen.values():
            if needs_fleet and fleet is None:
                fleet = Fleet(options.program, EXAMPLE)
                fleet.start()
                for app in ("shop", "front"):
                    fleet.apus("deploy", app, "--wait")
            for entry in measure(options.program, fleet):
                print_row(entry, options.json)
                hold = hold and entry["holds"]
    except Trouble as trouble:
        sys.exit(f"bench: {trouble}")
    finally:
        if fleet is not None:
            fleet.stop()
            fleet.remove()
    sys.exit(0 if hold else 1)


if __name__ == "__main__":
    main()
