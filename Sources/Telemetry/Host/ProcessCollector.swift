/// A process as its /proc/PID/stat shows it.
package struct ProcessStat: Hashable, Sendable {
    package var pid: UInt64
    /// Ticks of processor time.
    package var userTicks: UInt64
    package var systemTicks: UInt64
    package var threads: UInt64
    package var residentPages: UInt64
    /// When it began, in ticks since the start of the machine: two processes of one number differ in it.
    package var startTicks: UInt64

    /// `1234 (a name) S 1 …`. The name may have anything in it, parentheses too: it ends at the last one. Nil if
    /// it is no such text.
    package init?(_ bytes: [UInt8]) {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        var head = ProcLine(bytes[..<open])
        guard let pid = head.number() else { return nil }
        var line = ProcLine(bytes[(close + 1)...].prefix { $0 != UInt8(ascii: "\n") })
        // Fields are counted as proc(5) counts them; the third is the first after the name.
        var fields: [Int: UInt64] = [:]
        for field in 3...24 {
            guard let word = line.word() else { return nil }
            if [14, 15, 20, 22, 24].contains(field) { fields[field] = ProcLine.number(word) }
        }
        guard let user = fields[14], let system = fields[15], let threads = fields[20], let start = fields[22],
            let resident = fields[24]
        else { return nil }
        self.pid = pid
        userTicks = user
        systemTicks = system
        self.threads = threads
        residentPages = resident
        startTicks = start
    }
}

/// Makes figures of the processes of one instance, reading after reading. Names have no prefix: `cpu`, `memory`.
package struct ProcessCollector: Sendable {
    private let ticksPerSecond: Double
    private let pageBytes: Double
    private var counters = CounterTable()
    private var time: Double?

    package init(ticksPerSecond: Int = 100, pageBytes: Int = 4096) {
        self.ticksPerSecond = Double(ticksPerSecond)
        self.pageBytes = Double(pageBytes)
    }

    /// `descriptors` is how many all of them have open together, nil if it is not known. The processor's time is in
    /// percent of one core. A process that has begun since the reading before counts with all its time; what one
    /// that has ended used last is lost.
    package mutating func receive(_ processes: [ProcessStat], descriptors: Int?, at seconds: Double) -> [HostFigure] {
        let elapsed = time.map { seconds - $0 }.flatMap { $0 > 0 ? $0 : nil }
        var (user, system) = (0.0, 0.0)
        for process in processes {
            let key = "\(process.pid).\(process.startTicks)"
            let (own, kernel) = (
                counters.growth(key + "u", process.userTicks), counters.growth(key + "s", process.systemTicks)
            )
            user += own ?? Double(process.userTicks)
            system += kernel ?? Double(process.systemTicks)
        }
        counters.endReading()
        time = seconds
        var figures = [
            HostFigure("memory", processes.reduce(0) { $0 + Double($1.residentPages) * pageBytes }),
            HostFigure("threads", processes.reduce(0) { $0 + Double($1.threads) }),
            HostFigure("processes", Double(processes.count)),
        ]
        if let descriptors { figures.append(HostFigure("descriptors", Double(descriptors))) }
        if let elapsed {
            figures.append(HostFigure("cpu.user", user / ticksPerSecond / elapsed * 100))
            figures.append(HostFigure("cpu.system", system / ticksPerSecond / elapsed * 100))
        }
        return figures
    }
}
