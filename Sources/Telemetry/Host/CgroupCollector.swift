/// Makes figures of a control group's files, reading after reading, of version 1 and 2. Names have no prefix.
/// Sources: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
package struct CgroupCollector: Sendable {
    /// A file of the group's folder; of version 1 each is in its controller's own.
    package enum File: String, CaseIterable, Hashable, Sendable {
        case cpu = "cpu.stat"
        case memory = "memory.current"
        case memoryStat = "memory.stat"
        case memoryMax = "memory.max"
        case memoryEvents = "memory.events"
        case processes = "pids.current"
        case oldCPU = "cpuacct.usage"
        case oldMemory = "memory.usage_in_bytes"
        case oldMemoryMax = "memory.limit_in_bytes"
    }

    private var counters: [File: CounterTable] = [:]
    private var times: [File: Double] = [:]

    package init() {}

    /// Processor time is in percent of one core, memory in bytes.
    package mutating func receive(_ file: File, _ bytes: [UInt8], at seconds: Double) -> [HostFigure] {
        let elapsed = times[file].map { seconds - $0 }.flatMap { $0 > 0 ? $0 : nil }
        var reading = HostReading(bytes: bytes, elapsed: elapsed, counters: counters[file] ?? CounterTable())
        switch file {
        case .cpu:
            reading.readCgroup(rates: [
                "usage_usec": ("cpu.used", 1e-4), "user_usec": ("cpu.user", 1e-4), "system_usec": ("cpu.system", 1e-4),
                "throttled_usec": ("cpu.throttled", 1e-4),
            ])
        case .memory, .oldMemory: reading.readCgroupNumber("memory")
        case .memoryMax, .oldMemoryMax: reading.readCgroupNumber("memory.max")
        case .memoryStat: reading.readCgroup(figures: ["anon": "memory.own", "file": "memory.cache"])
        case .memoryEvents: reading.readCgroup(rates: ["oom_kill": ("oom_kills", 1)])
        case .processes: reading.readCgroupNumber("threads")
        case .oldCPU:
            var text = ProcText(bytes)
            var line = text.line()
            reading.addRate("cpu.used", line?.number(), factor: 1e-7)
        }
        reading.counters.endReading()
        counters[file] = reading.counters
        times[file] = seconds
        return reading.figures
    }
}

extension HostReading {
    /// `key value` lines.
    fileprivate mutating func readCgroup(
        rates: [String: (name: String, factor: Double)] = [:], figures: [String: String] = [:]
    ) {
        var text = ProcText(bytes)
        while var line = text.line() {
            guard let word = line.word(), let value = line.number() else { continue }
            let key = String(decoding: word, as: UTF8.self)
            if let rate = rates[key] { addRate(rate.name, value, factor: rate.factor) }
            if let name = figures[key] { add(name, Double(value)) }
        }
    }

    /// One number. `max`, and what version 1 says for it, is no figure.
    fileprivate mutating func readCgroupNumber(_ name: String) {
        var text = ProcText(bytes)
        guard var line = text.line(), let value = line.number(), value < 1 << 62 else { return }
        add(name, Double(value))
    }
}
