"""The demo: seven acts on a fleet of this machine, under load. See bin/demo."""

import argparse
import html
import json
import os
import pathlib
import re
import signal
import sys
import time

from fleet import Fleet, Load, Trouble, kill, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGETS = ["shop.localhost/", "shop.localhost/goods", "front.localhost/"]
SHOP = "shop.localhost"
WEB_INSTANCES = 4
SETTLE_SECONDS = 2
# Ready-made pages of charts, and the example's own.
GRAPH_PAGES = ["graphs/fabric", "graphs/balancer-edge", "graphs/class-web", "graphs/server", "graphs/shop"]
PAGES_WITH_CHARTS = ["hosts/web-1", "apps/shop"]
# What must have points, by the words that the demo has for it.
MEASURED = {
    "hosts": "hosts.*.cpu.used",
    "the balancer": "balancers.edge.*.*.*.requests",
    "instances": "apps.shop.web.*.memory",
    "what the shop counts": "stats.counters.shop.pages.*.rate",
    "the server": "apus.server.metrics.points",
}
REQUESTS_BY_APP = "groupByNode(balancers.*.*.*.*.requests,3,'sum')"


class Stage:
    """Runs acts and keeps what came of each."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.load = None
        self.rows = []
        self.executions_seen = set()

    def act(self, title, play):
        """Plays an act, and prints what happened: steps, seconds, requests, where to look.

        `play` returns where to look besides the act's executions, and a sentence.
        """
        print(f"\n{len(self.rows) + 1}. {title}", file=sys.stderr)
        before = self.load.read() if self.load else None
        began = time.monotonic()
        where, note = play()
        seconds = time.monotonic() - began
        # Requests that are on their way belong to this act.
        time.sleep(0.5)
        steps, pages = self.steps_taken()
        requests, served, failed = "no load yet", 0, 0
        if before:
            after = self.load.read()
            served, failed = after["served"] - before["served"], after["failed"] - before["failed"]
            requests = f"{served} requests served, {failed} failed"
            if failed:
                requests += f" ({after['reasons']})"
        self.rows.append((title, steps, seconds, served, failed))
        print(f"   {note}", file=sys.stderr)
        print(f"   {steps} steps, {seconds:.1f} s, {requests}", file=sys.stderr)
        print(f"   look at: {'  '.join([*pages, where])}", file=sys.stderr)

    def steps_taken(self):
        """Steps of the executions that were not there at the last call, and their pages."""
        new = {key: value for key, value in self.fleet.executions().items() if key not in self.executions_seen}
        self.executions_seen |= set(new)
        steps = sum(execution["stepsDone"] for execution in new.values())
        return steps, [f"{self.fleet.facts['api']}/executions/{key}" for key in list(new)[:2]]

    def table(self):
        width = max(len(row[0]) for row in self.rows)
        print(f"\n{'act':{width}}  {'steps':>5}  {'seconds':>7}  {'served':>7}  {'failed':>6}")
        for title, steps, seconds, served, failed in self.rows:
            print(f"{title:{width}}  {steps:>5}  {seconds:>7.1f}  {served:>7}  {failed:>6}")


def versions(load, site=SHOP):
    return load.read()["sites"].get(site, {})


def answers_with(load, version, since):
    """True once, of requests sent after `since` and answered, all were answered by `version`."""
    seen = versions(load)
    own = seen.get(version)
    if own is None or own["last"] < since:
        return False
    others = [entry["last"] for key, entry in seen.items() if key != version]
    return own["last"] > max(others, default=0) + 0.5


def deploy_first(fleet):
    fleet.apus("deploy", "shop", "--wait", echo=True)
    fleet.apus("deploy", "front", "--wait", echo=True)
    wait_until("Four serving instances of shop", lambda: len(fleet.serving("shop", "web")) == WEB_INSTANCES, 60)
    wait_until("Two serving instances of front", lambda: len(fleet.serving("front", "site")) == 2, 60)
    return f"{fleet.facts['api']}/apps/shop", "Version 1 is deployed."


def steady(stage):
    fleet = stage.fleet
    time.sleep(5)
    seen = versions(stage.load)
    if set(seen) != {"1"}:
        raise Trouble(f"Version 1 alone should answer; seen: {sorted(seen)}; {stage.load.read()['reasons']}")
    return f"curl -H 'Host: {SHOP}' {fleet.facts['edge']}/about", "Real requests arrive at HAProxy."


def roll_forward(stage):
    fleet = stage.fleet
    fleet.commit(pathlib.Path(fleet.example) / "next", "Version 2 of shop and front")
    fleet.apus("deploy", "shop", "--wait", echo=True)
    deployed_at = time.time()
    fleet.apus("deploy", "front", "--wait", echo=True)
    wait_until("Version 2 alone answering", lambda: answers_with(stage.load, "2", deployed_at), 60)
    return f"{fleet.facts['api']}/apps/shop", "Version 2 answers; version 1 stays warm beside it."


def roll_back(stage):
    fleet = stage.fleet
    began = time.time()
    _, took = fleet.apus("rollback", "shop", "--yes", echo=True)
    wait_until("Version 1 alone answering", lambda: answers_with(stage.load, "1", began + took), 30)
    until_last = max(0.0, versions(stage.load)["2"]["last"] - began)
    note = f"Version 1 answers again: the command took {took:.2f} s, the last answer of version 2 came after {until_last:.2f} s."
    return "apus audit", note


def kill_process(stage):
    fleet = stage.fleet
    victim = fleet.serving("shop", "web")[0]
    killed_at = time.monotonic()
    kill([int(victim["processID"])])

    def find():
        return next((i for i in fleet.instances("shop", "web") if i["id"] == victim["id"]), None)

    def is_back():
        now = find()
        return now and now["processID"] not in (None, victim["processID"]) and now["health"] == "healthy"

    wait_until("The killed process being back", is_back, 60)
    back_after = time.monotonic() - killed_at
    note = f"{victim['id']} on {victim['host']} was killed (SIGKILL) and answers its probe again after {back_after:.1f} s."
    return f"apus events, or {fleet.facts['api']}/hosts/{victim['host']}", note


def kill_host(stage):
    fleet = stage.fleet
    by_host = {}
    for instance in fleet.serving("shop", "web"):
        by_host.setdefault(instance["host"], []).append(instance["id"])
    name = max(by_host, key=lambda host: len(by_host[host]))
    killed_at = time.monotonic()
    count = fleet.kill_host(name)
    lost = by_host[name]

    def is_whole():
        serving = [i for i in fleet.serving("shop", "web") if i["host"] != name]
        return len(serving) == WEB_INSTANCES

    wait_until(f"The instances of {name} being elsewhere", is_whole, 120)
    took = time.monotonic() - killed_at
    note = f"{name} was killed, agent and all ({count} processes); its {', '.join(lost)} run elsewhere after {took:.1f} s."
    return f"{fleet.facts['api']}/hosts/{name}, or: apus events", note


def has_points(series):
    return bool(series) and all(any(value is not None for value in one["values"]) for one in series)


def graphs(stage):
    """Every kind of figure is there, every page draws, deploys are marked; one graph is shown here."""
    fleet = stage.fleet
    for what, target in MEASURED.items():
        wait_until(f"Figures of {what}", lambda: has_points(fleet.read("metrics", "get", target, "--from", "-10min")), 40)
    drawn, charts = 0, 0
    for path in GRAPH_PAGES + PAGES_WITH_CHARTS:
        for address in chart_addresses(fleet.text(f"/{path}")):
            picture = fleet.text(f"{address}&from=-10min")
            if "<svg" not in picture:
                raise Trouble(f"{path} has a chart that is not drawn: {address}\n{picture[:300]}")
            charts += 1
            drawn += "no data in this time" not in picture
    if drawn < charts / 2:
        raise Trouble(f"Only {drawn} of {charts} charts have points.")
    marked = [event["what"] for event in fleet.get("/events/get_data?tags=deploy")]
    if not any(what.startswith("shop r") for what in marked):
        raise Trouble(f"The deploys are not marked: {marked}")
    fleet.apus("metrics", "graph", REQUESTS_BY_APP, "--from", "-3min", "--unit", "/s", "--width", "96", "--height", "8", echo=True)
    addresses = "\n     ".join(f"{fleet.facts['api']}/{path}" for path in PAGES_WITH_CHARTS + GRAPH_PAGES)
    note = f"{drawn} of {charts} charts have points; deploys marked on them: {', '.join(marked)}.\n     {addresses}"
    return f"{fleet.facts['api']}/graphs, or: apus metrics graph \"{REQUESTS_BY_APP}\"", note


def chart_addresses(page):
    return [html.unescape(text) for text in re.findall(r'data-chart="([^"]*)"', page)]


def what_next(fleet):
    facts = fleet.facts
    print(f"""
It stays up; press Ctrl-C to end it.

  {facts['api']}   the dashboard
  {facts['api']}/graphs   its graphs
  export APUS_URL={facts['api']} APUS_TOKEN={facts['token']}
  {fleet.program} status
  {fleet.program} scale shop web=6
  {fleet.program} logs shop.web -f
  {fleet.program} metrics graph "{REQUESTS_BY_APP}" --from -15min
  {fleet.program} deploy shop        after a commit in {facts['repository']}
  curl -H 'Host: {SHOP}' {facts['edge']}/about
""", file=sys.stderr)
    while fleet.process.poll() is None:
        time.sleep(0.5)


def play(fleet, keep):
    stage = Stage(fleet)
    print("Apus starts a control plane and five hosts on this machine …", file=sys.stderr)
    fleet.start()
    try:
        stage.act("deploy version 1", lambda: deploy_first(fleet))
        stage.load = Load(fleet, TARGETS)
        time.sleep(SETTLE_SECONDS)
        stage.act("load", lambda: steady(stage))
        stage.act("roll to version 2", lambda: roll_forward(stage))
        stage.act("roll back", lambda: roll_back(stage))
        stage.act("kill a process", lambda: kill_process(stage))
        stage.act("kill a host", lambda: kill_host(stage))
        stage.act("look at graphs", lambda: graphs(stage))
    finally:
        totals = stage.load.stop() if stage.load else None
    stage.table()
    print(f"\n{totals['served']} requests served, {totals['failed']} failed"
          f" (slowest answer {totals['slowestMilliseconds']:.0f} ms)")
    if totals["failed"]:
        raise Trouble(f"Requests failed: {totals['reasons']}; the last: {totals['recentFailures'][-3:]}")
    if keep:
        what_next(fleet)


def main():
    parser = argparse.ArgumentParser()
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--once", action="store_true")
    mode.add_argument("--keep", action="store_true")
    parser.add_argument("--program", required=True)
    parser.add_argument("--example", required=True)
    options = parser.parse_args()
    # Whoever ends the demo ends it whole: a signal becomes an exception, and `finally` cleans up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    fleet = Fleet(options.program, options.example)
    trouble = None
    try:
        play(fleet, options.keep)
    except KeyboardInterrupt:
        trouble = None if options.keep else "Interrupted."
    except Trouble as error:
        trouble = str(error)
    finally:
        # A second Ctrl-C must not leave half a fleet behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            fleet.stop()
        except Trouble as error:
            trouble = f"{trouble}\n{error}" if trouble else str(error)
        if trouble:
            kept = ROOT / ".build" / "demo-failed"
            fleet.keep_logs(kept)
            print(f"\nThe demo failed. {trouble}\n\nLast words of `apus dev`:\n{fleet.log_tail()}", file=sys.stderr)
            print(f"Its logs are in {os.path.relpath(kept)}", file=sys.stderr)
        fleet.remove()
    if trouble:
        sys.exit(1)
    print("Everything has ended, nothing is left running.", file=sys.stderr)


if __name__ == "__main__":
    main()
