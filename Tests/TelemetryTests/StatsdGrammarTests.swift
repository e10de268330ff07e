import Testing

@testable import Telemetry

/// Cases that statsd and statsd_exporter publish, as facts: what goes in and what it comes to.
@Suite("statsd's lines")
struct StatsdGrammarTests {
    @Test(
        "values of each kind",
        arguments: [
            ("foo:2|c", "stats.counters.foo.count", 2.0),
            ("foo:2|c", "stats.counters.foo.rate", 0.2),
            ("foo:2|c|@0.1", "stats.counters.foo.count", 20),
            ("foo:-3|c", "stats.counters.foo.count", -3),
            ("foo:+3|c", "stats.counters.foo.count", 3),
            ("foo:.5|c", "stats.counters.foo.count", 0.5),
            ("foo:5.|c", "stats.counters.foo.count", 5),
            ("foo:1e3|c", "stats.counters.foo.count", 1000),
            ("foo:12345678901234567890|c", "stats.counters.foo.count", 12_345_678_901_234_567_168),
            ("foo:0.1234567890123456789|c", "stats.counters.foo.count", 0.1234567890123456789),
            ("foo:3|g", "stats.gauges.foo", 3),
            ("foo:3|g|@0.2", "stats.gauges.foo", 3),
            ("foo:-10|g", "stats.gauges.foo", -10),
            ("foo:10|g\nfoo:+4|g\nfoo:-1|g", "stats.gauges.foo", 13),
            ("foo:10|g\nfoo:0|g\nfoo:-1|g", "stats.gauges.foo", -1),
            ("foo:200|ms", "stats.timers.foo.mean", 200),
            ("foo:200|h", "stats.timers.foo.mean", 200),
            ("foo:200|d", "stats.timers.foo.mean", 200),
            ("foo:320|ms|@0.1", "stats.timers.foo.count", 10),
            ("foo:320|ms|@0.1", "stats.timers.foo.sum", 320),
            ("foo:a|s\nfoo:b|s\nfoo:a|s", "stats.sets.foo.count", 2),
            ("foo:|s\nfoo:0|s", "stats.sets.foo.count", 1),
            ("foo:2|c\r\n", "stats.counters.foo.count", 2),
            ("foo:2|c ", "stats.counters.foo.count", 2),
        ])
    func kinds(lines: String, name: String, value: Double) throws {
        #expect(try StatsdHarness.points(of: lines)[name] == value)
        #expect(StatsdHarness.badLines(lines) == 0)
    }

    @Test(
        "many values in one line",
        arguments: [
            ("foo:1:2:3|c", "stats.counters.foo.count", 6.0),
            ("foo:1:2:3|c|@0.5", "stats.counters.foo.count", 12),
            ("foo:1|c:2|c:3|c", "stats.counters.foo.count", 6),
            ("foo:1|c|@0.1:2|c", "stats.counters.foo.count", 12),
            ("foo:0.5:120:3000:10:20000:0.01|ms|#a:b", "stats.timers.foo.upper;a=b", 20000),
            ("foo:0.5:120:3000:10:20000:0.01|ms|@0.5", "stats.timers.foo.count", 12),
            ("foo:1|c:7|g:30|ms", "stats.gauges.foo", 7),
        ])
    func packed(line: String, name: String, value: Double) throws {
        #expect(try StatsdHarness.points(of: line)[name] == value)
        #expect(StatsdHarness.badLines(line) == 0)
    }

    @Test(
        "tags",
        arguments: [
            ("foo:1|c|#tag1:bar,tag2:baz", "foo", ";tag1=bar;tag2=baz"),
            ("foo:1|c|#tag2:baz,tag1:bar", "foo", ";tag1=bar;tag2=baz"),
            ("foo:1|c|#tag1:bar,#tag2:baz", "foo", ";tag1=bar;tag2=baz"),
            ("foo:1|c|@1|#tag1:foo:bar", "foo", ";tag1=foo:bar"),
            ("foo:1|c|#tag:value,,", "foo", ";tag=value"),
            ("foo:1|c|#urgent,tag:value", "foo", ";tag=value;urgent=true"),
            ("foo:1|c|#", "foo", ""),
            ("foo:1|c|#a:1|c:ci-12ab|Tx", "foo", ";a=1"),
            ("foo:1|c|c:in-8888|#a:1", "foo", ";a=1"),
            ("foo:1|c|e:it-false|card:low|#a:1", "foo", ";a=1"),
            ("foo;b=2;a=1:1|c", "foo", ";a=1;b=2"),
            ("foo;b=2:1|c|#a:1,b:3", "foo", ";a=1;b=3"),
            ("foo:1|c|#tag:\u{e9}t\u{e9}", "foo", ";tag=\u{e9}t\u{e9}"),
            ("foo:1|c|#name:x", "foo", ";tag_name=x"),
            ("foo:1|c|#a:~x;y z", "foo", ";a=xy_z"),
        ])
    func tags(line: String, path: String, tags: String) throws {
        #expect(try StatsdHarness.points(of: line)["stats.counters.\(path).count\(tags)"] == 1)
    }

    @Test(
        "keys are cleaned",
        arguments: [
            ("a b:1|c", "a_b"), ("a  \t b:1|c", "a_b"), ("a/b:1|c", "a-b"), ("a@b$c:1|c", "abc"), ("a..b:1|c", "a.b"),
            (".a.b.:1|c", "a.b"), ("A-Z_0=9:1|c", "A-Z_0=9"), ("caf\u{e9}:1|c", "caf"),
        ])
    func keys(line: String, path: String) throws {
        #expect(try StatsdHarness.points(of: line)["stats.counters.\(path).count"] == 1)
    }

    @Test("spellings of one name are one series")
    func spellings() throws {
        let points = try StatsdHarness.points(of: "a b:1|c\na_b:2|c\na@_b:4|c\na_b:1|c|#x:1,y:2\na_b:2|c|#y:2,x:1")
        #expect(points["stats.counters.a_b.count"] == 7)
        #expect(points["stats.counters.a_b.count;x=1;y=2"] == 3)
    }

    @Test(
        "bad lines are counted, and the others of their datagram are not lost",
        arguments: [
            "foo", "foo:", "foo:|c", "foo:1", "foo:1|", "foo:1|x", "foo:1|kg", "foo:1|m", "foo:1|cc", "foo:abc|c",
            "foo:1a|c", "foo:-1|ms", "foo:nan|c", "foo:inf|g", "foo:Infinity|g", "foo:1e400|c", "foo:0x10|c",
            "foo:1|c|@", "foo:1|c|@0", "foo:1|c|@-0.1", "foo:1|c|@abc", "foo:1|c|@.", "foo:1|c|0.1", "foo:1|c|",
            "foo:1|c|T12x", ":1|c", "...:1|c", "@:1|c", "foo:1 2|c", "foo:--1|c", "foo:1|c|@1e-320", "|", "::", "\0",
            "_e{5,4}:title", "_e{,}:|", "_sc|name", "_sc|name|9", "_sc||0",
        ])
    func bad(line: String) throws {
        let harness = StatsdHarness()
        harness.receive("before:1|c\n\(line)\nafter:1|c")
        #expect(harness.tally.counts.badLines == 1)
        #expect(harness.tally.badLines.count == 1)
        #expect(harness.tally.counts.lines == 3)
        let points = try harness.flush()
        #expect(points["stats.counters.before.count"] == 1)
        #expect(points["stats.counters.after.count"] == 1)
        #expect(points.count == 4)
    }

    @Test("events and checks are handed on")
    func notices() {
        let harness = StatsdHarness()
        harness.receive(
            """
            _e{5,11}:title|a\\nb | text|d:1700000000|h:web-1|p:low|t:error|k:deploy|s:apus|#env:prod,hot
            _sc|db.up|2|d:1700000001|h:db-1|#env:prod|m:down again
            _ex:1|c
            """)
        let notices = harness.tally.notices
        #expect(harness.tally.counts.badLines == 0)
        #expect(notices.count == 2)
        #expect(notices.first?.title == "title")
        #expect(notices.first?.text == "a\nb | text")
        #expect(notices.first?.tags == ["env:prod", "hot"])
        #expect(notices.first?.aggregationKey == "deploy")
        #expect(notices.last?.status == 2)
        #expect(notices.last?.text == "down again")
        #expect(notices.last?.time == 1_700_000_001)
    }

    @Test("values with a time of their own go there")
    func timed() throws {
        let harness = StatsdHarness()
        harness.receive(
            "foo:5|g|T1656581400\nbar:2|c|T1656581400\nbar:3|c|T1656581400|#a:b\nbar:4|c|T1656581400\nx:1|ms|T5")
        let points = try harness.flush()
        #expect(points["stats.gauges.foo"] == nil)
        #expect(points["stats.timers.x.upper"] == 1)
        let then = harness.sink.values(at: 1_656_581_400)
        #expect(then["stats.gauges.foo"] == 5)
        #expect(then["stats.counters.bar.count"] == 6)
        #expect(then["stats.counters.bar.count;a=b"] == 3)
    }
}
