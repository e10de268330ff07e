"""Requests while releases come and go: none may fail."""

import contextlib
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import bench_repository
from figures import figure, row
from fleet import Trouble, free_port, is_listening, kill, wait_until
from wrk import POSTING_SCRIPT, Both, Wrk

REQUESTS_MIN = 1_000_000
ROLLOUTS_MIN = 100
SECONDS_MAX = 400
KILLS = 10
POSTING_ROLLOUTS = 20
PEER_RELOADS = 5
# What a balancer counts is known to the server after about a second.
COUNTED_SECONDS = 3
INSTANCES = 4
LIB = pathlib.Path(__file__).resolve().parent


def haproxy(folder):
    bench_repository.write(folder, instances=INSTANCES)


def nginx(folder):
    bench_repository.write(folder, instances=INSTANCES, engine="nginx")


@figure("forward-back-haproxy", "forward-back", "loop", fleet=haproxy, seconds_max=SECONDS_MAX + 100)
def measure_haproxy(_, fleet):
    yield from forward_back("haproxy", fleet)


@figure("killed-backend-haproxy", "killed-backend", "loop", fleet=haproxy)
def measure_killed_haproxy(_, fleet):
    yield killed_backend("haproxy", fleet)


@figure("forward-back-nginx", "forward-back", "loop", fleet=nginx, seconds_max=SECONDS_MAX + 100)
def measure_nginx(_, fleet):
    yield from forward_back("nginx", fleet)


@figure("killed-backend-nginx", "killed-backend", "loop", fleet=nginx)
def measure_killed_nginx(_, fleet):
    yield killed_backend("nginx", fleet)


@figure("posts-haproxy", "posts", "loop", fleet=haproxy)
def measure_posts_haproxy(_, fleet):
    yield posts("haproxy", fleet)


@figure("posts-nginx", "posts", "loop", fleet=nginx)
def measure_posts_nginx(_, fleet):
    yield posts("nginx", fleet)


def forward_back(engine, fleet):
    """New releases and rollbacks in turn, without a pause, as long as both counts ask for."""
    deploy_first(fleet)
    peer = plain_reload(engine)
    known = set(fleet.executions())
    load, rollouts = Both(fleet.facts["edge"] + "/", bench_repository.SITE), 0
    began = time.monotonic()
    try:
        while (load.requests < REQUESTS_MIN or rollouts < ROLLOUTS_MIN) and time.monotonic() - began < SECONDS_MAX:
            bench_repository.commit_version(fleet, rollouts + 2)
            fleet.apus("deploy", "shop", "--wait")
            fleet.apus("rollback", "shop", "--yes", "--wait")
            rollouts += 2
    finally:
        totals, words = load.stop()
    yield row(
        f"forward-back-{engine}", totals["failed"], "failed", f"0 of {REQUESTS_MIN:,} in {ROLLOUTS_MIN} rollouts",
        peer, f"plain reload ×{PEER_RELOADS}", ours_max=0,
        is_whole=totals["requests"] >= REQUESTS_MIN and rollouts >= ROLLOUTS_MIN,
        note=f"{rollouts} rollouts in {time.monotonic() - began:.0f} s; {words}{reasons(fleet, totals)}")
    time.sleep(COUNTED_SECONDS)
    requests, failed = counted(fleet, known)
    # wrk does not count what is under way when one of its runs ends. What it sent before the first
    # execution is not counted with one.
    least, most = totals["requests"] * 9 // 10, totals["requests"] + totals["inFlight"]
    yield row(
        f"forward-back-{engine}-counted", failed, "failed", "0, as the balancer counts", ours_max=0,
        is_whole=least <= requests <= most,
        note=f"kept with the executions: {requests} requests; of wrk's, {least} to {most} can be")


def posts(engine, fleet):
    """Each POST is carried out once, over rollouts and instances that close connections all the time."""
    deploy_first(fleet)
    # Any app's user may write to it.
    bodies = fleet.state / "posts.txt"
    bodies.touch()
    bodies.chmod(0o666)
    app = pathlib.Path(fleet.facts["repository"], "apps/shop.yaml").read_text()
    fleet.commit_texts({"apps/shop.yaml": f"{app}environment: {{ POSTS: {bodies} }}\n"}, "The place for POSTs")
    fleet.apus("deploy", "shop", "--wait")
    load = Wrk(fleet.facts["edge"] + "/", bench_repository.SITE, script=POSTING_SCRIPT)
    try:
        for number in range(POSTING_ROLLOUTS // 2):
            bench_repository.commit_version(fleet, f"posts-{number}")
            fleet.apus("deploy", "shop", "--wait")
            fleet.apus("rollback", "shop", "--yes", "--wait")
    finally:
        totals = load.stop()
    done = bodies.read_text().splitlines()
    twice = len(done) - len(set(done))
    return row(
        f"posts-{engine}", totals["failed"] + twice, "failed or twice", "0", ours_max=0,
        is_whole=totals["requests"] > 0 and len(done) >= totals["requests"] - totals["failed"],
        note=f"{POSTING_ROLLOUTS} rollouts; {totals['requests']} POSTs, {totals['failed']} failed, {len(done)} carried out, "
             f"{twice} twice; p99 {totals['p99']:.0f} ms{reasons(fleet, totals)}")


def counted(fleet, known):
    """Requests, and those that failed, by the balancer's own counters, of executions that are not known."""
    requests = failed = 0
    for key in set(fleet.executions()) - known:
        traffic = fleet.get(f"/v1/executions/{key}").get("traffic") or {"releases": []}
        for release in traffic["releases"]:
            for phase in ("during", "after"):
                requests += release[phase]["requests"]
                failed += release[phase]["failed"]
    return requests, failed


def killed_backend(engine, fleet):
    """In the middle of each of some rollouts, an instance that serves is killed."""
    deploy_first(fleet)
    load, chance, incomplete = Both(fleet.facts["edge"] + "/", bench_repository.SITE), random.Random(KILLS), []
    try:
        for number in range(KILLS):
            wait_until("Four serving instances", lambda: len(fleet.serving("shop", "web")) == INSTANCES, 60)
            victim = chance.choice(fleet.serving("shop", "web"))
            bench_repository.commit_version(fleet, f"kill-{number}")
            deploy = subprocess.Popen(
                [fleet.program, "deploy", "shop", "--wait"], env=fleet.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            time.sleep(chance.uniform(0.2, 1.0))
            kill([int(victim["processID"])])
            try:
                words = deploy.communicate(timeout=120)[0]
            finally:
                deploy.kill()
            if deploy.returncode != 0:
                incomplete.append(f"rollout {number + 1}, where {victim['id']} was killed: {' '.join(words.split())}")
    finally:
        totals, words = load.stop()
    return row(
        f"killed-backend-{engine}", totals["failed"], "failed", "0, a backend killed in each rollout", ours_max=0,
        is_whole=not incomplete,
        note="; ".join([f"{KILLS} rollouts, {KILLS - len(incomplete)} completed", words, *incomplete])
             + reasons(fleet, totals))


def reasons(fleet, totals):
    """Why requests failed, as far as logs say it. They are kept, since the fleet's folder is not."""
    if not totals["failed"]:
        return ""
    kept = LIB.parent.parent / ".build" / "bench-failed"
    fleet.keep_logs(kept)
    lines = [line for log in fleet.state.rglob("run/error.log") for line in log.read_text(errors="replace").splitlines()]
    return "; ".join(["", f"logs are in {kept}", *lines[-5:]])


def deploy_first(fleet):
    if len(fleet.instances("shop")) == 0:
        fleet.apus("deploy", "shop", "--wait")
    wait_until("Serving instances", lambda: len(fleet.serving("shop", "web")) == INSTANCES, 60)


def plain_reload(engine):
    """Errors of the same load over some reloads of the balancer as it comes, before two of the app."""
    if not shutil.which(engine):
        return None
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apus-peer-")))
        shutil.copy(LIB / "bench_app.py", folder)
        (folder / "version.txt").write_text("1\n")
        ports = [free_port() for _ in range(3)]
        for port in ports[1:]:
            start(stack, [sys.executable, str(folder / "bench_app.py"), "127.0.0.1", str(port)], port)
        command, reload = PEERS[engine](folder, ports)
        balancer = start(stack, command, ports[0])
        load = Both(f"http://127.0.0.1:{ports[0]}/", bench_repository.SITE)
        try:
            for _ in range(PEER_RELOADS):
                time.sleep(2)
                balancer.send_signal(reload)
        finally:
            totals, _ = load.stop()
        return totals["failed"]


def start(stack, command, port):
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end():
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)
    try:
        wait_until(f"{command[0]} listening", lambda: is_listening("127.0.0.1", port), 10)
    except Trouble:
        raise Trouble(f"{' '.join(map(str, command))} does not listen.") from None
    return process


def plain_haproxy(folder, ports):
    servers = "\n".join(f"    server s{port} 127.0.0.1:{port} check" for port in ports[1:])
    (folder / "haproxy.cfg").write_text(f"""global
    stats socket {folder}/haproxy.sock mode 600 level admin expose-fd listeners
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend all
    bind 127.0.0.1:{ports[0]}
    default_backend app
backend app
{servers}
""")
    return ["/usr/sbin/haproxy", "-W", "-f", str(folder / "haproxy.cfg")], signal.SIGUSR2


def plain_nginx(folder, ports):
    servers = " ".join(f"server 127.0.0.1:{port};" for port in ports[1:])
    (folder / "nginx.conf").write_text(f"""daemon off;
pid {folder}/nginx.pid;
error_log /dev/null;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream app {{ {servers} keepalive 32; }}
    server {{
        listen 127.0.0.1:{ports[0]};
        location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
""")
    return ["/usr/sbin/nginx", "-p", str(folder), "-c", "nginx.conf"], signal.SIGHUP


PEERS = {"haproxy": plain_haproxy, "nginx": plain_nginx}
