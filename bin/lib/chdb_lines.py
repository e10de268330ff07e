"""Puts lines into a table of chDB (ClickHouse in a process), looks for texts in it, and prints figures as JSON.

It runs in the environment that `bin/setup --peers` makes:

    .build/peers/chdb/bin/python bin/lib/chdb_lines.py FOLDER ROWS.tsv parsed|whole TEXT…

`parsed` has what our store has, a message and a map of fields, through ZSTD(1); `whole` has the line as it came, through
LZ4, which a table has if nobody says otherwise. Both are MergeTree, in the order of labels and time, on two threads.
"""

import json
import os
import statistics
import sys
import time

from chdb import session

LABELS = "app LowCardinality(String), host LowCardinality(String), source LowCardinality(String)"
TABLES = {
    "parsed": {
        "table": f"time DateTime64(9, 'UTC'), {LABELS}, level UInt8, message String CODEC(ZSTD(1)), "
                 "fields Map(LowCardinality(String), String) CODEC(ZSTD(1))",
        "file": "t Int64, a String, h String, s String, level UInt8, message String, fields Map(String, String)",
        "columns": "level, message, fields",
    },
    "whole": {
        "table": f"time DateTime64(9, 'UTC'), {LABELS}, message String",
        "file": "t Int64, a String, h String, s String, message String",
        "columns": "message",
    },
}
ROUNDS = 7


def cpu_seconds():
    times = os.times()
    return times.user + times.system


def count(database, text):
    """How many messages have the text, and the medians of what that takes, in milliseconds."""
    spent, waited, found = [], [], 0
    for _ in range(ROUNDS):
        cpu, wall = cpu_seconds(), time.perf_counter()
        found = int(str(database.query(f"SELECT count() FROM lines WHERE message LIKE '%{text}%'", "CSV")))
        spent.append((cpu_seconds() - cpu) * 1000)
        waited.append((time.perf_counter() - wall) * 1000)
    return {"lines": found, "cpu_ms": statistics.median(spent), "wall_ms": statistics.median(waited)}


def main(folder, rows, kind, *texts):
    form = TABLES[kind]
    database = session.Session(folder)
    # What it remembers of the question before would make every question after the first one free.
    database.query("SET max_threads = 2; SET use_query_condition_cache = 0")
    database.query(f"CREATE TABLE lines ({form['table']}) ENGINE = MergeTree ORDER BY (app, host, source, time)")
    began = cpu_seconds()
    database.query(
        f"INSERT INTO lines SELECT fromUnixTimestamp64Nano(t, 'UTC'), a, h, s, {form['columns']} "
        f"FROM file('{rows}', TSV, '{form['file']}')")
    database.query("OPTIMIZE TABLE lines FINAL")
    seconds = cpu_seconds() - began
    size, lines = str(database.query(
        "SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE table = 'lines' AND active", "CSV")).split(",")
    print(json.dumps({
        "disk_mb": int(size) / 1e6, "lines": int(lines), "seconds": seconds,
        "found": {text: count(database, text) for text in texts}}))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
