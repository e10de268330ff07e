import Core

/// How long requests took, out of a HAProxy's memory of the last ones.
struct HAProxyTimes {
    /// By the server's name.
    private(set) var latencies: [String: Latency] = [:]
    /// The requests that the last reading held, by worker: the next one holds many of them again.
    private var known: [Int32: Set<Substring>] = [:]

    /// - Parameter text: what `show events times` answers: a line for each request, as
    ///   `HAProxyConfiguration` has it written.
    mutating func read(_ text: String, worker: Int32) {
        let before = known[worker] ?? []
        var seen: Set<Substring> = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 6)
            guard words.count > 5, let status = Int(words[2]), let milliseconds = Int64(words[3]),
                let began = Int64(words[4]), let ended = Int64(words[5])
            else { continue }
            seen.insert(words[0])
            // A tunnel's length says nothing of speed.
            guard status != 101, !before.contains(words[0]) else { continue }
            let microseconds = Self.microseconds(milliseconds, began: began, ended: ended)
            latencies[String(words[1]), default: Latency()].record(microseconds: microseconds)
        }
        known[worker] = seen
    }

    mutating func forget(exceptWorkers workers: [Int32]) { known = known.filter { workers.contains($0.key) } }

    /// The milliseconds say which second it ended in, the rest how far from each other within one.
    private static func microseconds(_ milliseconds: Int64, began: Int64, ended: Int64) -> Int64 {
        let second: Int64 = 1_000_000
        let part = ended >= began ? ended - began : ended - began + second
        let whole = max(0, milliseconds * 1000 - part + second / 2) / second
        return whole * second + part
    }
}
