import Testing

@testable import Telemetry

/// The same figures as graphite-web's, to 1e-9.
@Suite("Graphite's functions, compared with graphite-web")
struct OracleTests {
    static let oracle = OracleCases.all
    static let source = oracle.source

    @Test("every target gives the same series", arguments: oracle.cases)
    func same(one: OracleCases.Case) async throws {
        var request = try RenderRequest(FormFields([("target", one.target), ("format", "json")]), now: Self.oracle.now)
        (request.from, request.until, request.xFilesFactor) = (one.from, one.until, one.xFilesFactor)
        (request.maxDataPoints, request.noNullPoints) = (one.maxDataPoints, one.noNullPoints ?? false)
        let series = try await GraphEvaluator(source: Self.source).evaluate(request)
        let shown = Shown.of(series, request)
        let names = shown.map(\.name)
        let expected = one.expected.map { $0.target ?? "" }
        #expect(names == expected)
        guard names == expected else { return }
        for (mine, theirs) in zip(shown, one.expected) {
            #expect(mine.tags == theirs.tags, "\(mine.name)")
            #expect(mine.times == theirs.allTimes, "\(mine.name)")
            guard mine.times == theirs.allTimes else { continue }
            for (index, value) in theirs.values.enumerated() where !Self.isSame(mine.values[index], value.double) {
                Issue.record("\(mine.name) at \(mine.times[index]): \(mine.values[index]), not \(value.double)")
                break
            }
        }
    }

    @Test("there are cases")
    func cases() throws {
        #expect(try OracleCases.read().cases.count > 10)
    }

    @Test("every time is the same, in every zone")
    func times() throws {
        for moment in Self.oracle.times {
            let zone = try TimeZoneRules.named(moment.zone)
            let time = try TimeExpression.time(moment.text, now: moment.now, zone: zone)
            #expect(time == moment.expected, "\(moment.text) in \(moment.zone) at \(moment.now)")
        }
        #expect(Self.oracle.times.count > 500)
    }

    /// Pie charts' functions and what a parameter is suggested are not compared.
    @Test("every function of graphite-web is there, with the same parameters")
    func functions() {
        for (name, theirs) in Self.oracle.functions {
            guard let mine = GraphFunctions.named(name) else {
                Issue.record("\(name) is missing")
                continue
            }
            #expect(mine.group == theirs.group, "\(name)")
            #expect(
                mine.parameters.map { "\($0.name) \($0.kind.rawValue) \($0.isRequired) \($0.isMultiple)" }
                    == theirs.params.map { "\($0.name) \($0.type) \($0.required ?? false) \($0.multiple ?? false)" },
                "\(name)")
        }
        #expect(Self.oracle.functions.count > 120)
    }

    @Test("every function that is claimed has cases")
    func claims() {
        let tried = Set(Self.oracle.cases.map(\.function))
        let untried: Set = ["randomWalk", "randomWalkFunction", "events", "mapSeries", "map"]
        #expect(GraphFunctions.all.map(\.name).filter { !tried.contains($0) && !untried.contains($0) } == [])
    }

    static func isSame(_ left: Double, _ right: Double) -> Bool {
        if left.isNaN || right.isNaN { return left.isNaN && right.isNaN }
        if left == right { return true }
        return (left - right).magnitude <= 1e-9 * max(1, left.magnitude, right.magnitude)
    }
}

/// A series as JSON shows it.
struct Shown {
    var name: String
    var tags: [String: String]
    var times: [Int64]
    var values: [Double]

    static func of(_ series: [GraphSeries], _ request: RenderRequest) -> [Shown] {
        let series = request.maxDataPoints.map { RenderJSON.consolidated(series, to: $0) } ?? series
        guard series.contains(where: { !$0.values.isEmpty }) else { return [] }
        return series.compactMap { one in
            let window = one.window
            let tags = Dictionary(one.tags.pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
            let places = window.values.indices.filter { !request.noNullPoints || !window.values[$0].isNaN }
            if request.noNullPoints, places.isEmpty { return nil }
            return Shown(
                name: one.name, tags: tags, times: places.map { window.start + Int64($0) * window.step },
                values: places.map { window.values[$0] })
        }
    }
}
