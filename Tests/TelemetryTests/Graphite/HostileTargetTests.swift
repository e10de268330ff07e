import Testing

@testable import Telemetry

/// What must be refused, quickly and with a reason, or at least survived.
@Suite("Hostile targets, patterns, times and requests")
struct HostileTargetTests {
    @Test(
        "what is no target is refused with its place",
        arguments: [
            "f(", "f(a", "f(a,)", "f(,a)", "f(a))", "a b", "a..b", ".a", "a.", "{a,b", "a}", "{a.b,c}", "{{a}}", "'x'",
            "f('x)", "f(a|)", "a|b", "|f()", "f(k=1,2)", "\\", "()", "a|template()", "template(a,b)",
            "f(a\u{0}b)",
        ])
    func refused(target: String) throws {
        let problem = #expect(throws: TelemetryProblem.self) { try ExpressionParser.parse(target) }
        #expect(problem?.code == "graph.target-invalid")
        #expect(problem?.cause.contains("byte") == true)
    }

    @Test("depth and size are bounded")
    func bounded() throws {
        for target in [
            String(repeating: "f(", count: 100_000), String(repeating: "f(", count: 100_000) + "a",
            "a" + String(repeating: "|f()", count: 100_000), String(repeating: "template(", count: 20_000),
            String(repeating: "(", count: 1 << 20), String(repeating: "a.", count: 1 << 20),
            "f(" + String(repeating: "1,", count: 60_000) + "1)",
            "f(" + String(repeating: "a=1,", count: 60_000) + "a=1)",
            "alias(a,\"" + String(repeating: "\\", count: 200_000),
        ] {
            #expect(throws: TelemetryProblem.self) { try ExpressionParser.parse(target) }
        }
        #expect(throws: Never.self) {
            try ExpressionParser.parse(String(repeating: "f(", count: 99) + "a" + String(repeating: ")", count: 99))
        }
    }

    @Test(
        "calls that cannot be are refused",
        arguments: [
            "nope(a.x)", "scale(a.x)", "scale(a.x,'b')", "scale(a.x,2,3)", "scale(5,a.x)", "scale(a.x,2,nope=3)",
            "scale(a.x,2,factor=3)", "summarize(a.x,'0s')", "summarize(a.x,'-1h')", "summarize(a.x,'5m')",
            "summarize(a.x,'1h','nope')", "movingAverage(a.x,-5)", "movingAverage(a.x,'x')", "movingAverage(a.x,1e300)",
            "movingAverage(a.x,'100000000d')", "timeShift(a.x,'99999y')", "timeStack(a.x,'1y',0,10000)",
            "timeStack(a.x,'1s',0,9999999)", "time('x',0)", "time('x',-1)", "hitcount(a.x,'0s')", "stdev(a.x,0)",
            "log(a.x,1)", "log(a.x,0)", "nPercentile(a.x,0)", "percentileOfSeries(a.*,-1)", "grep(a.*,'(')",
            "grep(a.*,'(a)\\1')", "aliasSub(a.*,'a','\\9')", "divideSeries(a.x,a.*)", "areaBetween(a.x)",
            "asPercent(a.*,'x')", "sumSeriesLists(a.*,a.x)", "seriesByTag('x')", "seriesByTag()", "seriesByTag('a=~(')",
            "verticalLine('midnight 1990')", "applyByNode(a.*,0,'%(')", "aliasQuery(a.x,'a','nope','%d')",
            "reduceSeries(mapSeries(a.*,0),'nope',1,'x')", "reduceSeries(mapSeries(a.*,0),'sumSeries',9,'x')",
            "integralByInterval(a.x,'0s')", "holtWintersForecast(a.x,'1d','0s')", "linearRegression(a.x,'nonsense')",
            "groupByNode(a.*,0,'alias')", "consolidateBy(a.x,'nope')", "limit(a.x,1.5)", "template(scale(a.x,$f))",
        ])
    func impossible(target: String) async throws {
        await #expect(throws: TelemetryProblem.self) { try await Self.evaluate(target) }
    }

    @Test(
        "nothing at all, and zero, go through every function",
        arguments: GraphFunctions.all.map(\.name))
    func nothing(function: String) async throws {
        for list in ["nope.*", "a.empty", "a.one", "a.zero", "a.infinite"] {
            for rest in [
                "", ",1", ",0", ",-1", ",'1min'", ",\(list)", ",1,1", ",'a','b'", ",'a','b','c'", ",'sum'", ",50,50",
            ] {
                _ = try? await Self.evaluate("\(function)(\(list)\(rest))")
                _ = try? await Self.evaluate("\(function)('\(list)'\(rest))")
            }
        }
    }

    @Test("too many series, points, values and calls are refused before they are read")
    func costs() async throws {
        let many = MemorySeriesSource(
            (0..<50).map { SeriesWindow(name: "m.s\($0)", start: 60, step: 60, values: [1]) })
        var limits = GraphLimits()
        limits.series = 49
        func code(_ target: String) async -> String? {
            let evaluator = GraphEvaluator(source: many, limits: limits)
            do throws(TelemetryProblem) {
                let request = try RenderRequest(FormFields([("target", target), ("from", "0")]), now: 6000)
                _ = try await evaluator.evaluate(request)
                return nil
            } catch { return error.code }
        }
        #expect(await code("m.*") == "graph.too-many-series")
        limits.series = 50
        #expect(await code("m.*") == nil)
        limits.points = 1000
        #expect(await code("m.*") == "graph.too-many-points")
        #expect(await code("m.s1") == nil)
        limits.valuesMade = 10
        #expect(await code("time('x',1)") == "graph.too-many-values")
        #expect(await code("summarize(m.s1,'1s')") == "graph.too-many-values")
        limits.calls = 100
        let nested = (0..<20).reduce("m.s1") { inner, _ in "movingAverage(\(inner),1)" }
        #expect(await code(nested) == "graph.too-many-calls")
    }

    @Test("patterns that explode elsewhere are as cheap as others")
    func patterns() throws {
        let name = String(repeating: "a", count: 1000) + "!"
        for pattern in ["(a+)+$", "(a|aa)+$", "(.*)*x", "(a*)*b", "(?:a?){500}b", "^(([a-z])+.)+[A-Z]$"] {
            var matcher = PatternMatcher(try BoundedPattern(pattern))
            #expect(try !matcher.contains(name), "\(pattern)")
        }
        for pattern in [
            "(", ")", "[", "a**", "*", "(?<=a)b", "(a)\\1", "(?P=x)", "a{5,2}", "(a{1000}){1000}", "\\", "[z-a]", "\\q",
            String(repeating: "(", count: 200), String(repeating: "a", count: 5000), "(?P<1>a)", "a++",
        ] {
            #expect(throws: TelemetryProblem.self, "\(pattern.prefix(40))") { try BoundedPattern(pattern) }
        }
        var ahead = PatternMatcher(try BoundedPattern("(?=.*b)a"), steps: 100_000)
        #expect(throws: TelemetryProblem.self) { try ahead.contains(String(repeating: "a", count: 60_000)) }
        let double = try BoundedPattern("(.*)")
        var matcher = PatternMatcher(double)
        let twice = try PatternReplacement(String(repeating: "\\1", count: 100), for: double)
        #expect(throws: TelemetryProblem.self) { try matcher.replacing(in: name, by: twice) }
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "x", "-5", "-5x", "-5m", "--1d", "25:00", "10:61", "31/31/20", "1/2",
            "99999999999999999999",
            "-99999999999d", "feb 30", "march", "now-1d/q", String(repeating: "1", count: 4000), "1:2:3", "/d/d",
        ])
    func times(text: String) {
        #expect(throws: TelemetryProblem.self) { try TimeExpression.time(text, now: 1_600_000_000, zone: .utc) }
    }

    @Test(
        "what is no request is refused",
        arguments: [
            "from=0&until=0", "format=exe", "tz=../../etc/passwd", "tz=/etc/passwd", "tz=Nowhere/Land",
            "jsonp=alert(1)//",
            "jsonp=<script>", "xFilesFactor=2", "xFilesFactor=nan", "from=now-1x",
        ])
    func requests(query: String) {
        #expect(throws: TelemetryProblem.self) {
            try RenderRequest(FormFields(encoded: query.utf8), now: 1_600_000_000)
        }
    }

    static let source = MemorySeriesSource([
        SeriesWindow(name: "a.x", start: 60, step: 60, values: [1, .nan, 3]),
        SeriesWindow(name: "a.y", start: 60, step: 60, values: [0.5, 2, .nan]),
        SeriesWindow(name: "a.empty", start: 60, step: 60, values: [.nan]),
        SeriesWindow(name: "a.one", start: 120, step: 60, values: [1]),
        SeriesWindow(name: "a.zero", start: 60, step: 60, values: [0, 0, 0, 0]),
        SeriesWindow(
            name: "a.infinite", start: 60, step: 60, values: [.infinity, -.infinity, 1e308, .leastNonzeroMagnitude]),
    ])

    static func evaluate(_ target: String) async throws -> [UInt8] {
        let fields = FormFields([("target", target), ("from", "0"), ("until", "300"), ("format", "json")])
        let request = try RenderRequest(fields, now: 300)
        return RenderJSON.encode(try await GraphEvaluator(source: source).evaluate(request), request)
    }
}
