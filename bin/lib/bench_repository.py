"""The configuration repository of a fleet that is measured, and what is committed to it."""

import pathlib
import random
import shutil

APP = pathlib.Path(__file__).resolve().parent / "bench_app.py"
SITE = "shop.localhost"
# Other addresses than the demo's, so that both can run at once.
NETWORK = "127.0.30"


def write(folder, instances, hosts=4, engine="haproxy", batch="25%", warm="10m", package_bytes=0):
    """A fabric with one balancer and one app.

    engine: "haproxy" or "nginx".
    package_bytes: of bytes that do not compress, beside the app's own few.
    """
    names = [f"web-{number}" for number in range(1, hosts + 1)]
    lines = [f"  - {{ host: edge-1, address: {NETWORK}.10, labels: {{ role: edge }}, memory: 512MiB }}"]
    lines += [
        f"  - {{ host: {name}, address: {NETWORK}.{10 + number}, labels: {{ role: web }}, memory: 8GiB }}"
        for number, name in enumerate(names, 1)]
    engine_line = "" if engine == "haproxy" else f"engine: {engine}\n"
    texts = {
        "fabrics/dev.yaml": "fabric: dev\nlost-host-grace: 1h\n",
        "hosts/fleet.yaml": "hosts:\n" + "\n".join(lines) + "\n",
        "balancers/edge.yaml": f"balancer: edge\n{engine_line}on: {{ labels: {{ role: edge }} }}\nlisten: 8080\n",
        "apps/shop.yaml": f"""app: shop
source: {{ path: src/shop }}
build: files
processes:
  web:
    run: python3 bench_app.py $HOST $PORT
    on: {{ labels: {{ role: web }} }}
    instances: {instances}
    health: {{ http: / }}
    memory: 128MiB
routes:
  - {{ host: {SITE}, to: web }}
rollout: {{ batch: {batch}, warm: {warm}, settle: 0s }}
""",
        "src/shop/version.txt": "1\n",
    }
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    shutil.copy(APP, folder / "src/shop")
    if package_bytes:
        (folder / "src/shop/data.bin").write_bytes(random.Random(package_bytes).randbytes(package_bytes))


def commit_version(fleet, version):
    """Commits another version of the app: another package, and so another release."""
    fleet.commit_texts({"src/shop/version.txt": f"{version}\n"}, f"Version {version}")


def write_tree(folder, files=7000, total_bytes=118_000_000, seed=1):
    """A tree like that of an app with its modules: many small files, some large ones, text that
    compresses to about a third. The same one each time."""
    chance = random.Random(seed)
    weights = [chance.lognormvariate(0, 1.5) for _ in range(files)]
    share = total_bytes / sum(weights)
    words = [bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz(){}=;.", k=chance.randint(2, 12))) for _ in range(5000)]
    text = b" ".join(chance.choices(words, k=1_500_000))
    for number, weight in enumerate(weights):
        path = folder / f"module-{number // 20:03}" / f"part-{number % 20 // 7}" / f"file-{number:05}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        size, start = int(weight * share), chance.randrange(len(text))
        with open(path, "wb") as file:
            while size > 0:
                piece = text[start:start + size]
                file.write(piece)
                size, start = size - len(piece), chance.randrange(len(text))
