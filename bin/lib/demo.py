"""The demo: eight acts on a fleet of this machine, under load. See bin/demo."""

import argparse
import html
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

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
# The other engine, beside HAProxy, on the same host.
NGINX_PORT = 8082
NGINX = f"balancer: second\nengine: nginx\non: {{ class: edge }}\nlisten: {NGINX_PORT}\n"
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


def lines_of(fleet, query):
    """How many lines of the last hour fulfil it."""
    (answer,) = fleet.read("logs", f"{query} | count", "--since", "1h")
    return int(float(answer["table"]["rows"][0][0] or 0)) if answer["table"]["rows"] else 0


def ask_nginx(fleet, path):
    """The status that nginx answers with; 0: none."""
    address = next(iter(fleet.edge_addresses()))
    request = urllib.request.Request(f"http://{address}:{NGINX_PORT}{path}", headers={"Host": SHOP})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def lines_as_they_come(fleet, seconds, *words):
    """What `apus logs -f` prints in some seconds."""
    command = [fleet.program, "logs", "-f", *words]
    with subprocess.Popen(command, env=fleet.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as follower:
        try:
            time.sleep(seconds)
            # Not SIGINT: what a shell runs in the background does not hear it.
            follower.terminate()
            return follower.communicate(timeout=10)[0].splitlines()
        finally:
            follower.kill()


def logs(stage):
    """Lines of the app and of both engines of balancers are found and come live; a rollout leads to its release's."""
    fleet = stage.fleet
    engines = ["haproxy"]
    if os.path.exists("/usr/lib/nginx/modules/ngx_http_lua_module.so"):
        engines.append("nginx")
        fleet.commit_texts({"balancers/second.yaml": NGINX}, "An nginx beside HAProxy")
        wait_until("nginx answering", lambda: ask_nginx(fleet, "/about") == 200, 30)
        for number in range(12):
            ask_nginx(fleet, f"/nothing/{number}" if number % 4 == 3 else "/goods")
    else:
        print("    There is no nginx with its Lua module here, so HAProxy's lines alone are shown.", file=sys.stderr)
    live = lines_as_they_come(fleet, 3, "shop.haproxy", "--lines", "0")
    if not live:
        raise Trouble("No line of HAProxy came while `apus logs -f shop.haproxy` ran.")
    counts = {}
    for process in ["worker", *engines]:
        wait_until(f"Lines of {process}", lambda: lines_of(fleet, f"app:=shop process:={process}") > 0, 30)
        counts[process] = lines_of(fleet, f"app:=shop process:={process}")
    for words in [("shop.worker", "--since", "2min"), *((f"shop.{engine}",) for engine in engines)]:
        print(f"    $ apus logs {' '.join(words)} --lines 3", file=sys.stderr)
        fleet.apus("logs", *words, "--lines", "3", echo=True)
    query = "app:shop status:>0 | count by process, status"
    print(f"    $ apus logs '{query}' --since 1h", file=sys.stderr)
    fleet.apus("logs", query, "--since", "1h", echo=True)
    link = release_link(fleet)
    if "/logs/context" not in fleet.text(link):
        raise Trouble(f"The link of the rollout to lines of its release shows none: {link}")
    note = ", ".join(f"{count} lines of {process}" for process, count in counts.items())
    return f"{fleet.facts['api']}{link}", f"{note} are found; {len(live)} of HAProxy came in 3 s."


def release_link(fleet):
    """Where the page of the last deploy of shop leads: to the lines of that release and time."""
    for key, execution in sorted(fleet.executions().items(), key=lambda entry: entry[1]["startedAt"], reverse=True):
        page = html.unescape(fleet.text(f"/executions/{key}"))
        found = re.search(r'href="(/logs\?[^"]*app%3A%3Dshop[^"]*release[^"]*)"', page)
        if found:
            return found[1]
    raise Trouble("No execution's page leads to the lines of its release.")


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
  {fleet.program} logs shop.haproxy -f 'status:>=400'
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
        stage.act("search lines", lambda: logs(stage))
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
