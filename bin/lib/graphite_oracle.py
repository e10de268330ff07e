"""Asks graphite-web what targets over generated series give, and writes it as cases for our tests.

It runs in the environment that `bin/setup --peers` makes (graphite-web 1.1.10 with an in-memory finder):

    PYTHON bin/lib/graphite_oracle.py --seed 7 --count 20 >cases.json
    APUS_GRAPHITE_CASES=$PWD/cases.json bin/test --filter OracleTests
"""

import argparse
import fnmatch
import json
import os
import random
import re
import sys
import tempfile
import types

T0 = 1_600_000_200
SECONDS = 4 * 3600
NOW = T0 + SECONDS


def make_series(rng):
    """Name to (start, step, values): nulls, counters, constants, ragged steps, tags."""

    def values(kind, count):
        result, level = [], rng.uniform(-5, 50)
        for index in range(count):
            if kind == "gauge":
                level += rng.uniform(-4, 4)
                value = round(level, 2)
            elif kind == "counter":
                level = 0.0 if rng.random() < 0.02 else level + rng.uniform(0, 9)
                value = round(abs(level), 1)
            elif kind == "small":
                value = rng.choice([0.0, 0.0, 1.0, -1.0, 2.0, 0.5])
            elif kind == "constant":
                value = 7.0
            elif kind == "hole":
                value = None
            elif kind == "sparse":
                value = round(rng.uniform(1, 9), 1) if index % 5 == 0 else None
            elif kind == "share":
                value = round(rng.uniform(0, 1), 3)
            if value is not None and kind in ("gauge", "counter", "share") and rng.random() < 0.15:
                value = None
            if kind == "gauge" and 30 < index % 97 < 38:
                value = None
            result.append(value)
        return result

    plan = [
        ("a.x.cpu", 60, "gauge"),
        ("a.x.mem", 60, "gauge"),
        ("a.y.cpu", 60, "gauge"),
        ("a.y.mem", 60, "share"),
        ("a.z10.cpu", 60, "small"),
        ("a.z2.cpu", 60, "hole"),
        ("a.z2.mem", 60, "constant"),
        ("c.in", 60, "counter"),
        ("c.out", 60, "counter"),
        ("r.fast.v", 10, "gauge"),
        ("r.mid.v", 60, "gauge"),
        ("r.slow.v", 90, "share"),
        ("p.gap", 60, "sparse"),
        ("disk.used;dc=ams;host=w1", 60, "gauge"),
        ("disk.used;dc=ams;host=w2", 60, "gauge"),
        ("disk.used;dc=fra;host=w3", 60, "share"),
        ("disk.free;dc=fra;host=w3", 60, "counter"),
    ]
    series = {}
    for name, step, kind in plan:
        start = T0 - T0 % step
        series[name] = (start, step, values(kind, SECONDS // step))
    return series


def start_graphite(series):
    """Configures graphite-web with a finder that reads from `series`, and gives its modules."""
    root = tempfile.mkdtemp(prefix="graphite-oracle-")
    os.environ["GRAPHITE_ROOT"] = root
    for folder in ("storage/log/webapp", "storage/whisper", "webapp"):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    local = types.ModuleType("oracle_settings")
    local.STORAGE_DIR = os.path.join(root, "storage")
    local.LOG_DIR = os.path.join(root, "storage/log/webapp")
    local.SECRET_KEY = "oracle"
    local.STORAGE_FINDERS = ["oracle_finder.Finder"]
    local.TIME_ZONE = "UTC"
    local.USE_WORKER_POOL = False
    local.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    sys.modules["oracle_settings"] = local
    os.environ["GRAPHITE_SETTINGS_MODULE"] = "oracle_settings"
    os.environ["DJANGO_SETTINGS_MODULE"] = "graphite.settings"
    finder = types.ModuleType("oracle_finder")
    sys.modules["oracle_finder"] = finder

    def braces(text):
        match = re.search(r"\{([^{}]*)\}", text)
        if not match:
            return [text]
        head, tail = text[: match.start()], text[match.end() :]
        return [r for part in match.group(1).split(",") for r in braces(head + part + tail)]

    def matching(pattern):
        if pattern.startswith("seriesByTag("):
            conditions = re.findall(r"""['"]([^'"]*)['"]""", pattern)
            return [name for name in sorted(series) if all(holds(name, c) for c in conditions)]
        if ";" in pattern:
            return [pattern] if pattern in series else []
        parts = pattern.split(".")
        found = []
        for name in sorted(series):
            nodes = name.split(".")
            if ";" in name or len(nodes) != len(parts):
                continue
            if all(any(fnmatch.fnmatchcase(n, v) for v in braces(p)) for n, p in zip(nodes, parts)):
                found.append(name)
        return found

    def holds(name, condition):
        key, operator, wanted = re.match(r"^([^;!=]+)(!?=~?)([^;]*)$", condition).groups()
        path, *tags = name.split(";")
        value = dict(t.split("=", 1) for t in tags).get(key, path if key == "name" else "")
        is_match = re.match(wanted, value) is not None if "~" in operator else value == wanted
        return is_match != operator.startswith("!")

    class Finder:
        tags = True
        local = True
        disabled = False

        @classmethod
        def factory(cls):
            return [cls()]

        def fetch(self, patterns, start, end, now=None, requestContext=None):
            results = []
            for pattern in patterns:
                for name in matching(pattern):
                    first, step, values = series[name]
                    begin = start - start % step + step
                    until = end - end % step + step
                    window = []
                    for when in range(begin, until, step):
                        index = (when - first) // step
                        window.append(values[index] if 0 <= index < len(values) else None)
                    results.append(
                        {
                            "pathExpression": pattern,
                            "path": name,
                            "name": name,
                            "time_info": (begin, until, step),
                            "values": window,
                        }
                    )
            return results

    finder.Finder = Finder
    import django

    django.setup()
    import logging

    logging.disable(logging.CRITICAL)
    from graphite.render import attime, evaluator, views
    from graphite import functions

    return evaluator, views, attime, functions


LISTS = ["a.*.cpu", "a.*.mem", "a.*.*", "a.{x,y}.cpu", "a.x.*", "r.*.v", "c.*", "p.gap", "a.z*.*", "nope.*", "a.y.mem"]
SINGLES = ["a.x.cpu", "a.y.cpu", "r.mid.v", "c.in", "a.y.mem", "a.z10.cpu"]
AGGREGATIONS = "average avg avg_zero median sum total min max diff stddev count range rangeOf multiply last current"
AGGREGATIONS = AGGREGATIONS.split()
NUMBERS = ["0", "1", "2.5", "-3", "10", "0.1", "100", "1e3"]
WINDOWS = ["1", "2", "5", "'3min'", "'5min'", "'10min'", "70"]
INTERVALS = ["'2min'", "'5min'", "'90s'", "'1h'", "'7min'", "'30s'"]


def targets_of(rng):
    """For every function that is claimed, a way to make a call of it."""

    def pick(values):
        return rng.choice(values)

    def lst():
        inner = pick(LISTS)
        if rng.random() < 0.15:
            inner = pick(["scale(%s,2)", "derivative(%s)", "sumSeries(%s)", "alias(%s,'n.b.c')", "offset(%s,1.5)"]) % inner
        return inner

    def num():
        return pick(NUMBERS)

    def agg():
        return pick(AGGREGATIONS)

    def node():
        return pick(["0", "1", "2", "-1", "-2"])

    def one(name):
        return lambda: "%s(%s)" % (name, lst())

    def with_number(name, values=None):
        return lambda: "%s(%s,%s)" % (name, lst(), pick(values or NUMBERS))

    def many(name):
        return lambda: "%s(%s)" % (name, ",".join(lst() for _ in range(rng.randint(1, 3))))

    def two(name):
        return lambda: "%s(%s)" % (name, pick(["a.{x,y}.cpu,a.{x,y}.mem", "a.x.cpu,r.fast.v", "c.in,c.out", "a.*.cpu,a.*.cpu"]))

    def moving(name):
        return lambda: "%s(%s,%s%s)" % (name, lst(), pick(WINDOWS), pick(["", "", ",0.5", ",xFilesFactor=0.3"]))

    makers = {
        "aggregate": lambda: "aggregate(%s,'%s'%s)" % (lst(), agg(), pick(["", ",0.5", ",xFilesFactor=1"])),
        "percentileOfSeries": lambda: "percentileOfSeries(%s,%s%s)" % (lst(), pick(["50", "95", "10", "99.9"]), pick(["", ",true"])),
        "groupByNode": lambda: "groupByNode(%s,%s,'%s')" % (lst(), node(), pick(AGGREGATIONS + ["sumSeries", "maxSeries"])),
        "groupByNodes": lambda: "groupByNodes(%s,'%s',%s,%s)" % (lst(), pick(AGGREGATIONS), node(), node()),
        "groupByTags": lambda: "groupByTags(seriesByTag('dc!=','name=~disk'),'%s',%s)" % (agg(), pick(["'dc'", "'name'", "'dc','name'", "'host'", "'nope'"])),
        "seriesByTag": lambda: "seriesByTag(%s)" % pick(["'dc=ams'", "'name=disk.used'", "'host=~w[12]'", "'dc!=','host!=w1'", "'name=~disk', 'dc!=~a'"]),
        "aggregateWithWildcards": lambda: "aggregateWithWildcards(%s,'%s',%s)" % (lst(), agg(), pick(["1", "2", "0,1"])),
        "sumSeriesWithWildcards": with_number("sumSeriesWithWildcards", ["0", "1", "2", "1,2"]),
        "averageSeriesWithWildcards": with_number("averageSeriesWithWildcards", ["0", "1", "2", "1,2"]),
        "multiplySeriesWithWildcards": with_number("multiplySeriesWithWildcards", ["0", "1", "2", "1,2"]),
        "divideSeries": lambda: "divideSeries(%s,%s)" % (lst(), pick(SINGLES + ["nope.*"])),
        "aggregateSeriesLists": lambda: "aggregateSeriesLists(a.{x,y}.cpu,a.{x,y}.mem,'%s')" % agg(),
        "weightedAverage": lambda: pick(["weightedAverage(a.{x,y}.cpu,a.{x,y}.mem,%s)" % n for n in ("0", "1", "0,1", "2")]),
        "asPercent": lambda: pick([
            "asPercent(%s)" % lst(), "asPercent(%s,%s)" % (lst(), pick(["50", "12.5", "0"])),
            "asPercent(a.*.cpu,a.x.cpu)", "asPercent(a.*.cpu,a.*.mem)", "asPercent(a.*.*,None,%s)" % pick(["0", "1", "2"]),
            "asPercent(a.*.cpu,a.*.mem,1)", "asPercent(a.{x,y}.cpu,sumSeries(a.{x,y}.*))", "asPercent(r.*.v)",
            "asPercent(r.fast.v,r.mid.v)", "asPercent(a.x.*,a.*.cpu,1)"]),
        "mapSeries": lambda: "mapSeries(a.*.*,%s)" % node(),
        "reduceSeries": lambda: "reduceSeries(mapSeries(a.{x,y}.*,1),'%s',2,'cpu','mem')" % pick(["asPercent", "divideSeries", "diffSeries", "sumSeries", "powSeries"]),
        "applyByNode": lambda: "applyByNode(a.{x,y}.cpu,1,'%s'%s)" % (pick(["sumSeries(%.*)", "divideSeries(%.cpu,%.mem)", "%.mem"]), pick(["", ",'%.new'"])),
        "scale": with_number("scale"), "offset": with_number("offset"), "add": with_number("add"), "pow": with_number("pow", ["2", "0.5", "-1", "0", "3"]),
        "log": lambda: "log(%s%s)" % (lst(), pick(["", ",2", ",base=7"])),
        "round": lambda: "round(%s%s)" % (lst(), pick(["", ",1", ",-1", ",0", ",precision=2"])),
        "scaleToSeconds": with_number("scaleToSeconds", ["1", "60", "3600", "2.5"]),
        "nonNegativeDerivative": lambda: "nonNegativeDerivative(transformNull(c.*)%s)" % pick(["", ",100", ",maxValue=50", ",100,2", ",minValue=1"]),
        "perSecond": lambda: "perSecond(transformNull(c.*)%s)" % pick(["", ",100", ",maxValue=50", ",100,2", ",minValue=1"]),
        "integralByInterval": with_number("integralByInterval", INTERVALS),
        "delay": with_number("delay", ["1", "3", "-2", "0", "50", "-50"]),
        "keepLastValue": lambda: "keepLastValue(%s%s)" % (lst(), pick(["", ",1", ",3", ",limit=2", ",inf"])),
        "interpolate": lambda: "interpolate(%s%s)" % (lst(), pick(["", ",1", ",3", ",limit=2", ",inf"])),
        "transformNull": lambda: pick([
            "transformNull(%s%s)" % (lst(), pick(["", ",5", ",-1.5", ",default=2"])),
            "transformNull(a.*.*,0,%s)" % pick(["a.x.cpu", "a.*.mem", "nope.*"])]),
        "summarize": lambda: "summarize(%s,%s,'%s'%s)" % (lst(), pick(INTERVALS), agg(), pick(["", ",true", ",alignToFrom=false"])),
        "smartSummarize": lambda: "smartSummarize(%s,%s,'%s'%s)" % (lst(), pick(INTERVALS), agg(), pick(["", ",'hours'", ",'minutes'", ",alignTo='days'"])),
        "hitcount": lambda: "hitcount(%s,%s%s)" % (lst(), pick(INTERVALS), pick(["", ",true"])),
        "timeShift": lambda: "timeShift(%s,%s%s)" % (lst(), pick(["'10min'", "'1h'", "'+5min'", "'-7min'"]), pick(["", ",false", ",resetEnd=false"])),
        "timeStack": lambda: "timeStack(%s,%s,%s)" % (lst(), pick(["'10min'", "'-5min'"]), pick(["0,3", "1,2", "2,2"])),
        "timeSlice": lambda: "timeSlice(%s,'%d','%d')" % (lst(), T0 + 2 * 3600 + rng.randint(0, 900), T0 + 2 * 3600 + rng.randint(900, 1800)),
        "movingWindow": lambda: "movingWindow(%s,%s,'%s'%s)" % (lst(), pick(WINDOWS), agg(), pick(["", ",0.5"])),
        "exponentialMovingAverage": with_number("exponentialMovingAverage", WINDOWS),
        "stdev": lambda: "stdev(%s,%s%s)" % (lst(), pick(["3", "5", "10"]), pick(["", ",0.5"])),
        "nPercentile": with_number("nPercentile", ["5", "50", "95", "99.9", "100"]),
        "aggregateLine": lambda: "aggregateLine(%s,'%s'%s)" % (lst(), agg(), pick(["", ",true"])),
        "linearRegression": lambda: "linearRegression(%s%s)" % (lst(), pick(["", ",'%d'" % (T0 + 3600), ",'%d','%d'" % (T0 + 3000, T0 + 9000)])),
        "holtWintersForecast": lambda: "holtWintersForecast(%s,'1h','10min')" % lst(),
        "holtWintersConfidenceBands": lambda: "holtWintersConfidenceBands(%s,%s,'1h','10min')" % (lst(), pick(["3", "1", "2"])),
        "holtWintersConfidenceArea": lambda: "holtWintersConfidenceArea(%s,3,'1h','10min')" % pick(SINGLES),
        "holtWintersAberration": lambda: "holtWintersAberration(%s,%s,'1h','10min')" % (lst(), pick(["3", "1", "0"])),
        "filterSeries": lambda: "filterSeries(%s,'%s','%s',%s)" % (lst(), agg(), pick(["=", "!=", "<", "<=", ">", ">="]), num()),
        "limit": with_number("limit", ["0", "1", "2", "-1", "99"]),
        "removeEmptySeries": lambda: "removeEmptySeries(%s%s)" % (lst(), pick(["", ",0.5", ",1"])),
        "mostDeviant": with_number("mostDeviant", ["1", "2", "5"]),
        "averageOutsidePercentile": lambda: "averageOutsidePercentile(removeEmptySeries(%s),%s)" % (pick(LISTS), pick(["30", "70", "95"])),
        "removeBetweenPercentile": lambda: "removeBetweenPercentile(transformNull(%s),%s)" % (pick(["a.*.cpu", "a.*.*", "a.x.*"]), pick(["30", "70", "95"])),
        "useSeriesAbove": lambda: "useSeriesAbove(transformNull(a.*.cpu)|aliasSub('transformNull.([^,]*),0.','\\1'),%s,'cpu','mem')" % pick(["1", "5", "1000"]),
        "fallbackSeries": lambda: "fallbackSeries(%s,%s)" % (lst(), pick(["a.x.cpu", "constantLine(5)"])),
        "removeAbovePercentile": with_number("removeAbovePercentile", ["20", "50", "95"]),
        "removeBelowPercentile": with_number("removeBelowPercentile", ["20", "50", "95"]),
        "removeAboveValue": with_number("removeAboveValue"), "removeBelowValue": with_number("removeBelowValue"),
        "sortBy": lambda: "sortBy(%s,'%s'%s)" % (lst(), agg(), pick(["", ",true", ",reverse=true"])),
        "sortByName": lambda: "sortByName(%s%s)" % (lst(), pick(["", ",true", ",true,true", ",reverse=true"])),
        "highest": lambda: "highest(%s,%s,'%s')" % (lst(), pick(["1", "2", "9"]), agg()),
        "lowest": lambda: "lowest(%s,%s,'%s')" % (lst(), pick(["1", "2", "9"]), agg()),
        "alias": lambda: "alias(%s,%s)" % (lst(), pick(["'x'", "\"a b (c)\"", "'é'", "''"])),
        "aliasByNode": lambda: "aliasByNode(%s,%s)" % (pick(LISTS + ["scale(a.*.cpu,2)", "sumSeries(a.x.*)", "seriesByTag('dc=ams')"]), pick(["0", "1", "-1", "1,2", "'dc'", "'name'", "7", "0,'host'"])),
        "aliasByTags": lambda: "aliasByTags(seriesByTag('dc!='),%s)" % pick(["'dc'", "'host','dc'", "'name'", "0", "'nope'"]),
        "aliasByMetric": lambda: "aliasByMetric(%s)" % pick(LISTS + ["scale(a.*.cpu,2)", "movingAverage(a.x.cpu,3)"]),
        "aliasSub": lambda: "aliasSub(%s,%s)" % (lst(), pick([r"'(^.*$)','\1 A'", r"'a\.([a-z]+)','<\1>'", r"'[aeiou]',''", r"'x*','-'", r"'(?i)CPU|MEM$','\g<0>!'", r"'^.*\.(?P<last>\w+)$','\g<last>'", r"'(a|b).(?!y)(.)','\2\1'", r"'.{2}?','_'", r"'\b','|'"])),
        "substr": lambda: "substr(%s%s)" % (pick(LISTS + ["scale(a.*.cpu,2)"]), pick(["", ",1", ",-1", ",0,2", ",1,-1"])),
        "upper": lambda: "upper(%s%s)" % (lst(), pick(["", ",0", ",0,2,-1", ",99"])),
        "lower": lambda: "lower(upper(%s)%s)" % (lst(), pick(["", ",0", ",0,2,-1", ",99"])),
        "legendValue": lambda: "legendValue(%s,%s)" % (pick(LISTS), pick(["'avg'", "'last','max'", "'sum','si'", "'min','binary'", "'count'"])),
        "cactiStyle": lambda: "cactiStyle(%s%s)" % (pick(LISTS), pick(["", ",'si'", ",'binary','b'", ",units='ms'"])),
        "aliasQuery": lambda: r"aliasQuery(a.{x,y}.cpu,'a\.([xy])\.cpu','%s','%s')" % (pick([r"keepLastValue(a.\1.mem)", "a.z2.mem"]), pick(["now %d", "v=%.2f", "%s!", "%g"])),
        "grep": lambda: "grep(%s,%s)" % (lst(), pick(["'x'", r"'a\..\.'", "'^[ar]'", "'cpu$|mem$'", "'(?!a)z'"])),
        "exclude": lambda: "exclude(%s,%s)" % (lst(), pick(["'x'", r"'a\..\.'", "'^[ar]'", "'cpu$|mem$'", r"'\d+'"])),
        "alpha": with_number("alpha", ["0.5"]), "color": with_number("color", ["'red'"]), "lineWidth": with_number("lineWidth", ["2"]),
        "dashed": lambda: "dashed(%s%s)" % (lst(), pick(["", ",3"])),
        "stacked": lambda: "stacked(%s%s)" % (lst(), pick(["", ",'s'"])),
        "areaBetween": lambda: "areaBetween(a.{x,y}.cpu)",
        "threshold": lambda: "threshold(%s%s)" % (num(), pick(["", ",'omg'", ",label='x',color='red'"])),
        "verticalLine": lambda: "verticalLine('%d','deploy')" % (T0 + 2 * 3600 + 300),
        "constantLine": lambda: "constantLine(%s)" % pick(NUMBERS + ["100", "123.456"]),
        "identity": lambda: "identity('The time')", "time": lambda: "time('t',%s)" % pick(["60", "7"]),
        "timeFunction": lambda: "timeFunction('t')", "sin": lambda: "sin('s',%s)" % pick(["2", "3,10"]), "sinFunction": lambda: "sinFunction('s')",
        "consolidateBy": lambda: "consolidateBy(%s,'%s')" % (lst(), pick(["sum", "average", "avg", "avg_zero", "min", "max", "first", "last"])),
        "setXFilesFactor": with_number("setXFilesFactor", ["0.5", "0", "1"]), "xFilesFactor": with_number("xFilesFactor", ["0.5"]),
        "group": many("group"), "unique": many("unique"), "countSeries": many("countSeries"), "powSeries": many("powSeries"), "multiplySeries": many("multiplySeries"),
        "template": lambda: pick(["template(a.$h.cpu,h='x')", "template(scale(a.*.$1,$2),'cpu',3)", "template(sumSeries(a.$h.*),h='{x,y}')", "template(constantLine($v),v=5)"]),
        "pipe": lambda: pick(["%s|scale(2)|alias('p')", "%s | sumSeries() | offset( 3 )", "group(%s|scale(2),a.x.cpu)|maxSeries()"]) % pick(LISTS),
        "path": lambda: pick(LISTS + ["*.*.cpu", "a.[xy].cpu", "a.[!x].mem", "a.?.cpu", "a.z{2,10}.c*", "disk.used;dc=ams;host=w1", "a.*"]),
    }
    for name in "sumSeries averageSeries sum avg minSeries maxSeries diffSeries stddevSeries rangeOfSeries".split():
        makers[name] = many(name)
    for name in "divideSeriesLists sumSeriesLists diffSeriesLists multiplySeriesLists".split():
        makers[name] = two(name)
    plain = "absolute squareRoot invert exp sigmoid logit offsetToZero minMax derivative integral changed isNonNull compressPeriodicGaps"
    plain += " sortByTotal sortByMaxima sortByMinima drawAsInfinite secondYAxis cumulative pct"
    for name in plain.split():
        makers[name] = one(name)
    makers["exp"] = lambda: "exp(scale(%s,0.1))" % lst()
    for name in "averageAbove averageBelow currentAbove currentBelow maximumAbove maximumBelow minimumAbove minimumBelow".split():
        makers[name] = with_number(name)
    for name in "highestAverage highestCurrent highestMax lowestAverage lowestCurrent".split():
        makers[name] = with_number(name, ["1", "2", "9"])
    for name in "movingAverage movingMedian movingSum movingMin movingMax".split():
        makers[name] = moving(name)
    makers["map"] = lambda: "map(a.*.*,%s)" % node()
    makers["reduce"] = lambda: "reduce(map(a.{x,y}.*,1),'asPercent',2,'cpu','mem')"
    return makers


TIMES = """-6h|-1d|now-1d|now|midnight|noon|teatime|midnight yesterday|noon tomorrow|today|yesterday|monday|friday|sunday
20200913|04:00_20200914|16:40 yesterday|8am|8:30pm tomorrow|12am|12pm|4pm_20200101|11/21/26|1/2/99|01/05/2019|jan 5|december25
march 1-1d|noon-3h|midnight+1d12h|-1y|-2mon|-30min|-1w3d|1600000000|now+5s|20200229|6pm_today|00:00_20200913|3:05am
-5minutes|-2weeks|-1hour30min|wed-1w|tuesday+2h|10:01|23:59_yesterday""".replace("\n", "|").split("|")


def time_cases(attime):
    import pytz

    cases = []
    for zone in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"):
        info = pytz.timezone(zone)
        for now in (1600000200, 1616893200, 1604210400, 1582934400, 1900000000):
            for text in TIMES:
                try:
                    base = attime.parseATTime(str(now), info)
                    cases.append([text, zone, now, int(attime.parseATTime(text, info, base).timestamp())])
                except Exception:
                    pass
    return cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3, help="cases per function")
    parser.add_argument("--only", help="functions, with commas")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    series = make_series(rng)
    evaluator, views, attime, functions = start_graphite(series)
    import datetime

    import pytz

    def moment(seconds):
        return datetime.datetime.fromtimestamp(seconds, pytz.utc)

    makers = targets_of(rng)
    cases, failed = [], {}
    for name in sorted(makers):
        if options.only and name not in options.only.split(","):
            continue
        for _ in range(options.count):
            target = makers[name]()
            start = T0 + 2 * 3600 + rng.choice([0, 0, 7, 60, 131])
            end = start + rng.choice([600, 1200, 1201, 1800])
            fields = {}
            if rng.random() < 0.3:
                fields["maxDataPoints"] = rng.choice([1, 3, 5, 7, 10, 100])
            if rng.random() < 0.1:
                fields["noNullPoints"] = True
            factor = rng.choice([0.0, 0.0, 0.0, 0.5])
            context = {
                "startTime": moment(start), "endTime": moment(end), "now": moment(NOW), "localOnly": False,
                "template": {}, "tzinfo": pytz.utc, "data": [], "prefetched": {}, "xFilesFactor": factor,
                "maxDataPoints": None, "targets": [target], "forwardHeaders": {}, "sourceIdHeaders": {},
            }
            try:
                data = evaluator.evaluateTarget(context, [target])
                content = views.renderViewJson(dict(fields), data).content
            except Exception as error:
                failed[name] = failed.get(name, 0) + 1
                print(f"{target}: {type(error).__name__} {error}", file=sys.stderr)
                continue
            expected = json.loads(content.decode(), parse_constant=lambda _: None)
            for one in expected:
                one["datapoints"] = [
                    [("inf" if v > 0 else "-inf") if v in (float("inf"), float("-inf")) else v, t]
                    for v, t in one["datapoints"]
                ]
                one["values"] = [v for v, _ in one["datapoints"]]
                one["times"] = [t for _, t in one.pop("datapoints")]
                for column in ("times",):
                    times = one[column]
                    if len(times) > 2 and len({b - a for a, b in zip(times, times[1:])}) == 1:
                        one[column] = [times[0], times[1] - times[0], len(times)]
                        one["regular"] = True
            cases.append({"function": name, "target": target, "from": start, "until": end, "xFilesFactor": factor, "expected": expected, **fields})
    table = {
        name: {
            "group": function.group,
            "params": [
                {"name": p.name, "type": p.type.name, "required": p.required, "multiple": p.multiple}
                for p in function.params
            ],
        }
        for name, function in functions.SeriesFunctions().items()
    }
    document = {
        "now": NOW,
        "series": [
            {"name": n, "start": s, "step": p, "values": v} for n, (s, p, v) in sorted(series.items())
        ],
        "cases": cases,
        "times": time_cases(attime),
        "functions": table,
    }
    json.dump(document, sys.stdout, separators=(",", ":"), default=str)
    print(f"{len(cases)} cases, refused: {failed}", file=sys.stderr)


if __name__ == "__main__":
    main()
