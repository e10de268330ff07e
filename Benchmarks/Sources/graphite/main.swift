import Glibc
import Telemetry

/// Processor time of Graphite's engine over series that cost nothing to read:
/// `graphite TARGET SERIES POINTS [ROUNDS]`, as in `graphite 'sumSeries(*)' 10000 360`.

/// Series whose values are there already, so that only the engine is measured.
struct ReadySource: SeriesSource {
    var names: [SeriesName]
    var columns: [[Double]]
    var points: Int

    init(series: Int, points: Int) {
        self.points = points
        var state: UInt64 = 1
        func random() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 33) / Double(1 << 31)
        }
        let width = String(series).count
        names = (0..<series).map { number in
            let digits = String(number)
            return SeriesName(canonical: "s" + String(repeating: "0", count: width - digits.count) + digits)
        }
        // Counts, hundredths, and full doubles; one value in 50 is missing.
        columns = (0..<min(series, 100)).map { column in
            (0..<points).map { _ in
                if random() < 0.02 { return .nan }
                switch column % 3 {
                case 0: return (random() * 1000).rounded(.down)
                case 1: return (random() * 10000).rounded(.down) / 100
                default: return random()
                }
            }
        }
    }

    func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode] { [] }
    func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] { names }
    func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] { names }
    func tagKeys(prefix: String, where conditions: [TagCondition], limit: Int) async throws(TelemetryProblem)
        -> [String]
    { [] }
    func tagValues(of key: String, prefix: String, where conditions: [TagCondition], limit: Int)
        async throws(TelemetryProblem) -> [String]
    { [] }
    func windows(_ names: [SeriesName], from: Int64, until: Int64, now: Int64) async throws(TelemetryProblem)
        -> [SeriesWindow]
    {
        names.enumerated().map { index, name in
            SeriesWindow(name: name.text, start: from + 10, step: 10, values: columns[index % columns.count])
        }
    }
}

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let series = Int(arguments[2]), let points = Int(arguments[3]) else {
    print("graphite TARGET SERIES POINTS [ROUNDS]")
    exit(2)
}
let rounds = arguments.count > 4 ? Int(arguments[4]) ?? 5 : 5
let source = ReadySource(series: series, points: points)
let start: Int64 = 1_600_000_000
let fields = FormFields([
    ("target", arguments[1]), ("from", String(start)), ("until", String(start + Int64(points) * 10)),
    ("format", "json"),
])
let request = try RenderRequest(fields, now: start + Int64(points) * 10)
for _ in 0..<rounds {
    let begin = processorSeconds()
    let result = try await GraphEvaluator(source: source).evaluate(request)
    let evaluated = processorSeconds()
    let bytes = RenderJSON.encode(result, request)
    let end = processorSeconds()
    func milliseconds(_ seconds: Double) -> String { PythonNumber.fixed(seconds * 1000, 2) }
    print(
        "evaluated in \(milliseconds(evaluated - begin)) ms, written in \(milliseconds(end - evaluated)) ms: "
            + "\(result.count) series, \(bytes.count) bytes")
}
