#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// How much of a processor pieces of work took, in milliseconds. They run on one thread and wait for
/// nothing: on a machine that does nothing else it is the time that passes, and on one that is
/// shared it does not count what others do meanwhile.
struct Stopwatch {
    private(set) var times: [Double] = []

    mutating func measure<Value>(_ work: () throws -> Value) rethrows -> Value {
        let began = Self.now
        let value = try work()
        times.append(Self.now - began)
        return value
    }

    var total: Double { times.reduce(0, +) }
    var mean: Double { times.isEmpty ? 0 : total / Double(times.count) }
    var median: Double { times.isEmpty ? 0 : times.sorted()[times.count / 2] }
    var longest: Double { times.max() ?? 0 }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
    }
}
