/// How long pieces of work took, in milliseconds.
struct Stopwatch {
    private let clock = ContinuousClock()
    private(set) var times: [Double] = []

    mutating func measure<Value>(_ work: () throws -> Value) rethrows -> Value {
        let began = clock.now
        let value = try work()
        times.append((clock.now - began) / .milliseconds(1))
        return value
    }

    var total: Double { times.reduce(0, +) }
    var mean: Double { times.isEmpty ? 0 : total / Double(times.count) }
    var median: Double { times.isEmpty ? 0 : times.sorted()[times.count / 2] }
    var longest: Double { times.max() ?? 0 }
}
