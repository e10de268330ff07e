"""Logs: what a million lines of a day take on the disk, and what a phrase and a rare word in them cost, beside peers."""

import contextlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import resource

from figures import figure, row, spread
from figures_core import ROOT
from fleet import Trouble
from peers import RUNS, build

LINES = 1_000_000
PHRASE = "connection timed out"
RARE = "zx9quorum7"
CHDB = ROOT / ".build/peers/chdb/bin/python"
ROUNDS = 15


def run(*command):
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{command[0]} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


@contextlib.contextmanager
def room():
    """A folder that is there while the block runs."""
    with tempfile.TemporaryDirectory(prefix="apus-bench-logs-") as folder:
        yield pathlib.Path(folder)


def ripgrep(text, lines):
    """How many lines have the text, and the median of what a run of the program takes, in milliseconds."""
    spent, found = [], 0
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = int(run("rg", "--count", "--fixed-strings", text, lines))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    return {"lines": found, "cpu_ms": statistics.median(spent)}


def chdb(folder, rows, kind):
    answer = json.loads(run(CHDB, ROOT / "bin/lib/chdb_lines.py", folder / f"chdb-{kind}", rows, kind, PHRASE, RARE))
    if answer["lines"] != LINES:
        raise Trouble(f"chDB has {answer['lines']} of {LINES} lines")
    return answer


def found_by_peers(folder):
    """By text, what ripgrep takes; and what chDB keeps and takes, in two tables. None: it is not installed."""
    program = build("logstore")
    greps, tables = None, None
    if shutil.which("rg"):
        run(program, "text", folder / "lines.log", LINES)
        greps = {text: ripgrep(text, folder / "lines.log") for text in (PHRASE, RARE)}
    else:
        print("bench: ripgrep is not installed: bin/setup --peers", file=sys.stderr)
    if CHDB.exists():
        tables = {}
        for kind, mode in (("parsed", "parsed"), ("whole", "rows")):
            run(program, mode, folder / f"{mode}.tsv", LINES)
            tables[kind] = chdb(folder, folder / f"{mode}.tsv", kind)
    else:
        print("bench: chDB is not installed: bin/setup --peers", file=sys.stderr)
    return greps, tables


def searched(folder, text):
    return json.loads(run(build("logstore"), "search", folder, ROUNDS, *text.split()))


@figure("logs-corpus", "logs", seconds_max=600)
def corpus(_program, _fleet):
    """A day of lines in the shapes of HDFS, OpenSSH, nginx and JSON apps."""
    program = build("logstore")
    with room() as folder:
        greps, tables = found_by_peers(folder)
        fills = []
        for number in range(RUNS):
            fills.append(json.loads(run(program, "fill", folder / f"store-{number}", LINES)))
        ours = {text: searched(folder / "store-0", text) for text in (PHRASE, RARE)}
    for text in (PHRASE, RARE):
        counts = {ours[text]["lines"]} | {peer[text]["lines"] for peer in [greps] if peer}
        counts |= {table["found"][text]["lines"] for table in (tables or {}).values()}
        if len(counts) != 1:
            raise Trouble(f"{text!r} is found in different numbers of lines: {counts}")
    yield from ingest(fills, tables)
    yield from disk(fills, tables)
    yield from searches(ours, greps, tables)


def ingest(fills, tables):
    def of(*keys):
        return [LINES / 1000 / sum(fill[key] for key in keys) for fill in fills]

    yield row(
        "logs: lines into the store, durable and indexed", statistics.median(of("store_seconds")), "k lines/cpu-s",
        "told", peer=LINES / 1000 / tables["parsed"]["seconds"] if tables else None, peer_name="chDB",
        note=f"{spread(of('store_seconds'), ' k')}; parsed as well {statistics.median(of('parse_seconds', 'store_seconds')):.0f} k")


def disk(fills, tables):
    yield row(
        "logs: the lines on the disk, index included", fills[0]["disk_mb"], "MB", "1.1 × chDB",
        peer=tables["parsed"]["disk_mb"] if tables else None, peer_name="chDB", ratio_max=1.1,
        note=f"of {fills[0]['raw_mb']:.0f} MB of text"
        + (f"; chDB with whole lines by LZ4: {tables['whole']['disk_mb']:.0f} MB" if tables else ""))


def searches(ours, greps, tables):
    def told(text):
        if not tables:
            return "chDB is not there"
        return "chDB " + ", ".join(f"{kind} {table['found'][text]['cpu_ms']:.0f} ms" for kind, table in tables.items())

    yield row(
        "logs: the count of a phrase in 1.6 % of lines", ours[PHRASE]["cpu_ms"], "cpu-ms", "ripgrep",
        peer=greps[PHRASE]["cpu_ms"] if greps else None, peer_name="ripgrep", ratio_max=1,
        note=f"{ours[PHRASE]['wall_ms']:.1f} ms on the wall; {told(PHRASE)}")
    yield row(
        "logs: a word in 3 lines of a million", ours[RARE]["cpu_ms"], "cpu-ms", "2 ms",
        peer=greps[RARE]["cpu_ms"] if greps else None, peer_name="ripgrep", ours_max=2,
        note=f"{ours[RARE]['wall_ms']:.1f} ms on the wall, {ours[RARE]['blocks']:.0f} blocks are read; {told(RARE)}")


# 100 GB of lines are so many days of this corpus; a tenth of them is compared with.
DAYS = 622
RARE_DAY_MS = 100
GROWTH_MAX = 1.5


@figure("logs-days", "logs", seconds_max=600)
def days(_program, _fleet):
    """A store of 100 GB of lines: those of one day, read as those of many; it takes the room of one."""
    program = build("logstore")
    with room() as folder:
        raw = json.loads(run(program, "fill", folder / "day", LINES))["raw_mb"]
        few, many = (
            json.loads(run(program, "days", folder / f"days-{number}", number, folder / "day"))
            for number in (DAYS // 10, DAYS))
    for name, store in (("few", few), ("many", many)):
        if store["rare_day_lines"] != 3 or store["rare_all_lines"] != 3 * store["days"]:
            raise Trouble(f"{name} days: {store}")
    size = f"{DAYS * raw / 1000:.0f} GB of lines"
    yield row(
        f"logs: memory of a store of {size}", many["resident_after_mib"], "MiB", "flat: 1.5 × before any search",
        is_whole=many["resident_after_mib"] <= GROWTH_MAX * many["resident_mib"],
        note=f"{many['resident_mib']:.0f} MiB when it was opened, which took {many['open_ms']:.0f} ms; "
        f"of a tenth of it {few['resident_mib']:.0f} and {few['resident_after_mib']:.0f} MiB")
    yield row(
        f"logs: a word in 3 lines of a day, of {size}", many["rare_day_ms"], "cpu-ms", "100 ms", ours_max=RARE_DAY_MS,
        note=f"of a tenth of it {few['rare_day_ms']:.1f} ms; on the wall {many['rare_day_wall_ms']:.1f} ms")
    each = many["rare_days_ms"] / many["rare_days_lines"], many["rare_all_ms"] / many["rare_all_lines"]
    yield row(
        "logs: a found line, of ten times as many", each[1] / each[0], "×",
        "at most 1.5 × one of a tenth of the days", ours_max=GROWTH_MAX,
        note=f"{many['rare_days_lines']:.0f} lines in {many['rare_days_ms']:.0f} ms, "
        f"{many['rare_all_lines']:.0f} in {many['rare_all_ms']:.0f} ms; a word in none: {many['absent_ms']:.0f} ms; "
        f"a phrase in 1.6 % of a day {many['phrase_day_ms']:.0f} ms, of {DAYS // 10} days {many['phrase_days_ms']:.0f} ms")
