#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// How much of a processor pieces of work took, in milliseconds, user and system. They run on one
/// thread and wait for nothing: on a machine that does nothing else it is the time that passes, and on
/// one that is shared it does not count what others do meanwhile. The time that passed is kept beside it.
struct Stopwatch {
    private(set) var times: [Double] = []
    private(set) var passed: [Double] = []

    mutating func measure<Value>(_ work: () throws -> Value) rethrows -> Value {
        let began = Self.read(CLOCK_THREAD_CPUTIME_ID)
        let start = Self.read(CLOCK_MONOTONIC)
        let value = try work()
        times.append(Self.read(CLOCK_THREAD_CPUTIME_ID) - began)
        passed.append(Self.read(CLOCK_MONOTONIC) - start)
        return value
    }

    var total: Double { times.reduce(0, +) }
    var mean: Double { times.isEmpty ? 0 : total / Double(times.count) }
    var median: Double { Self.median(times) }
    var medianPassed: Double { Self.median(passed) }
    var longest: Double { times.max() ?? 0 }

    /// The most memory that the process has had so far, in MiB.
    static var peakMemory: Double {
        var usage = rusage()
        #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
            return Double(usage.ru_maxrss) / 1_048_576
        #else
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return Double(usage.ru_maxrss) / 1024
        #endif
    }

    private static func median(_ times: [Double]) -> Double { times.isEmpty ? 0 : times.sorted()[times.count / 2] }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
    }
}
