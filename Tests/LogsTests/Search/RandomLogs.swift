import Logs
import Telemetry

/// The same numbers for the same seed. Source: Steele, Lea and Flood, SplitMix64 (2014).
struct SearchRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[Int.random(in: 0..<list.count, using: &self)] }
    mutating func chance(_ part: Double) -> Bool { Double.random(in: 0..<1, using: &self) < part }
}

/// Lines and queries that have something to do with each other.
struct RandomLogs {
    static let words = [
        "timed", "out", "GET", "/healthz", "user=5", "ünïcode", "Timeout", "a.b", "500", "[core]", "x_y", "-", "order",
    ]
    static let streams: [LogStream] = [
        ["app": "shop", "host": "web-1"], ["app": "shop", "host": "web-2"], ["app": "mail", "host": "web-1"],
    ]

    var random: SearchRandom

    init(_ seed: UInt64) { random = SearchRandom(seed) }

    /// Times are few, so that many lines have the same, and not always in the order of arrival.
    mutating func lines(_ count: Int) -> [(stream: LogStream, lines: [MemoryLogSource.Line])] {
        var lines = Self.streams.map { (stream: $0, lines: [MemoryLogSource.Line]()) }
        for number in 0..<count {
            var line = MemoryLogSource.Line(
                time: Int64(number / 5 + Int.random(in: -2...2, using: &random)),
                level: random.pick([.none, .info, .warn, .error]),
                message: (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(Self.words) }
                    .joined(separator: random.pick([" ", " ", ", "])))
            if random.chance(0.6) { line.fields["status"] = random.pick(["200", "404", "500", "503", "-"]) }
            if random.chance(0.5) { line.fields["duration"] = random.pick(["1.5s", "10ms", "0.2", "3", ""]) }
            if random.chance(0.1) { line.fields["host"] = "other" }
            lines[Int.random(in: 0..<lines.count, using: &random)].lines.append(line)
        }
        return lines
    }

    mutating func expression(depth: Int = 3) -> LogExpression {
        if depth > 0, random.chance(0.6) {
            let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in expression(depth: depth - 1) }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: return .all(of: parts)
            case 1: return .any(of: parts)
            default: return .not(parts[0])
            }
        }
        return random.chance(0.05) ? .all : .term(term())
    }

    private mutating func term() -> LogTerm {
        let text = (0..<Int.random(in: 1...2, using: &random)).map { _ in random.pick(Self.words) }
            .joined(separator: " ")
        let bytes = Array(text.utf8)
        let field = random.pick(["status", "duration", "host", "app", "level", "nothing", "odd name", "message"])
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: return LogTerm(nil, .phrase(bytes))
        case 2: return LogTerm(nil, .prefix(Array(bytes.prefix(Int.random(in: 1...4, using: &random)))))
        case 3:
            return LogTerm(
                nil,
                .pattern(random.pick(["t.m", "^GET", "[0-9]+$", "a/b|out", "\\bo"]), ignoresCase: random.chance(0.5)))
        case 4: return LogTerm(field, .exists)
        case 5:
            return LogTerm(
                field, .exact(Array(random.pick(["web-1", "500", "", "warn", "-x", "a\"b\\", "1.5s"]).utf8)))
        case 6: return LogTerm(field, .phrase(Array(random.pick(["web", "500", "warn", "ünï", "or", "5*"]).utf8)))
        case 7:
            let low = random.pick(["0", "0.1", "10ms", "200"])
            return LogTerm(
                random.pick(["status", "duration"]),
                .range(
                    from: random.chance(0.8) ? LogTerm.Bound(low, isIncluded: random.chance(0.5)) : nil,
                    to: LogTerm.Bound(random.pick(["500", "503"]), isIncluded: random.chance(0.5))))
        default:
            return LogTerm(
                "level",
                .range(from: LogTerm.Bound(random.pick(["info", "warn"]), isIncluded: random.chance(0.7)), to: nil))
        }
    }

    mutating func stages() -> [LogStage] {
        var stages: [LogStage] = []
        let fields = ["host", "status", "odd name", "by", "p99", "1x", "a-b.c"]
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            let functions: [LogAggregate.Function] = [
                .sum, .avg, .min, .max, .percentile(99_900), .percentile(50_000), .distinct,
            ]
            var aggregates = [LogAggregate(.count), LogAggregate(.rate)]
            aggregates.append(LogAggregate(random.pick(functions), random.pick(fields)))
            stages.append(
                .aggregate(
                    aggregates.shuffled(using: &random),
                    by: [.field(random.pick(fields)), .time(random.pick([1, 60_000_000_000, 90_000_000_000]))]))
        case 1: stages.append(.top(Int.random(in: 1...20, using: &random), [random.pick(fields), "app"]))
        case 2: return [.patterns, .limit(5)]
        default: break
        }
        if random.chance(0.5) {
            stages.append(.sort([LogSort(random.pick(fields + ["p99(duration)"]), isDescending: random.chance(0.5))]))
        }
        if random.chance(0.5) { stages.append(.limit(Int.random(in: 1...50, using: &random))) }
        if random.chance(0.3) { stages.append(.fields([random.pick(fields), "message"])) }
        return stages
    }
}
