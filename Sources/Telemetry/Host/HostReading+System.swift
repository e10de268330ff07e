extension HostReading {
    private static let modes = [
        "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice",
    ]

    /// /proc/stat: how all processors together spent their time, and what the kernel did.
    mutating func readStat() {
        var text = ProcText(bytes)
        var processors = 0
        while var line = text.line() {
            guard let word = line.word() else { continue }
            switch word {
            case _ where word.elementsEqual("cpu".utf8): addModes(line.numbers())
            case _ where word.starts(with: "cpu".utf8): processors += 1
            case _ where word.elementsEqual("intr".utf8): addRate("host.kernel.interrupts", line.number())
            case _ where word.elementsEqual("ctxt".utf8): addRate("host.kernel.context_switches", line.number())
            case _ where word.elementsEqual("processes".utf8): addRate("host.processes.started", line.number())
            case _ where word.elementsEqual("procs_running".utf8): addNumber("host.processes.running", line.number())
            case _ where word.elementsEqual("procs_blocked".utf8): addNumber("host.processes.blocked", line.number())
            default: break
            }
        }
        if processors > 0 { add("host.cpu.count", Double(processors)) }
    }

    private mutating func addNumber(_ name: String, _ value: UInt64?) {
        if let value { add(name, Double(value)) }
    }

    /// Shares of all processors' time since the reading before, in percent: together 100. The kernel counts the
    /// time of guests as `user` and `nice`, too; it is taken out there.
    private mutating func addModes(_ ticks: [UInt64]) {
        guard ticks.count >= 4 else { return }
        var growths = [Double](repeating: 0, count: Self.modes.count)
        var isKnown = true
        for (index, name) in Self.modes.enumerated() where index < ticks.count {
            // The kernel corrects idle and iowait now and then: a step back is no growth, not a new begin.
            if let growth = counters.growth(name, ticks[index]) {
                growths[index] = growth
            } else if index != 3, index != 4 {
                isKnown = false
            }
        }
        growths[0] = max(0, growths[0] - growths[8])
        growths[1] = max(0, growths[1] - growths[9])
        let whole = growths.reduce(0, +)
        guard isKnown, elapsed != nil, whole > 0 else { return }
        for (name, growth) in zip(Self.modes.prefix(ticks.count), growths) {
            add("host.cpu.\(name)", growth / whole * 100)
        }
        add("host.cpu.used", (whole - growths[3] - growths[4]) / whole * 100)
    }

    /// /proc/loadavg: `0.20 0.18 0.12 1/80 11206`
    mutating func readLoadAverage() {
        var text = ProcText(bytes)
        guard var line = text.line() else { return }
        for minutes in ["1", "5", "15"] {
            guard let word = line.word(), let load = NumberText.finite(word) else { return }
            add("host.load.\(minutes)", load)
        }
        if line.part(until: UInt8(ascii: "/")) != nil { addNumber("host.threads", line.number()) }
    }

    /// /proc/meminfo: `MemTotal:       16317624 kB`
    mutating func readMemory() {
        let names = [
            "MemTotal": "host.memory.total", "MemFree": "host.memory.free", "MemAvailable": "host.memory.available",
            "Buffers": "host.memory.buffers", "Cached": "host.memory.cached", "Dirty": "host.memory.dirty",
            "Slab": "host.memory.slab", "SwapTotal": "host.swap.total", "SwapFree": "host.swap.free",
        ]
        var found: [String: Double] = [:]
        var text = ProcText(bytes)
        while var line = text.line() {
            guard let key = line.part(until: UInt8(ascii: ":")), let kibibytes = line.number() else { continue }
            let word = String(decoding: key, as: UTF8.self)
            guard let name = names[word] else { continue }
            found[word] = Double(kibibytes) * 1024
            add(name, Double(kibibytes) * 1024)
        }
        if let total = found["MemTotal"], let available = found["MemAvailable"] {
            add("host.memory.used", max(0, total - available))
        }
        if let total = found["SwapTotal"], let free = found["SwapFree"] { add("host.swap.used", max(0, total - free)) }
    }

    /// /proc/vmstat: `pswpin 12`
    mutating func readVirtualMemory() {
        let names = [
            "pswpin": "host.swap.pages_in", "pswpout": "host.swap.pages_out", "pgmajfault": "host.memory.major_faults",
            "oom_kill": "host.memory.oom_kills",
        ]
        var text = ProcText(bytes)
        while var line = text.line() {
            guard let word = line.word(), word.first == UInt8(ascii: "p") || word.first == UInt8(ascii: "o") else {
                continue
            }
            if let name = names[String(decoding: word, as: UTF8.self)] { addRate(name, line.number()) }
        }
    }

    /// /proc/sys/fs/file-nr: opened, unused, the most that there can be.
    mutating func readOpenFiles() {
        var text = ProcText(bytes)
        guard
            let numbers = text.line().map({ line in
                var line = line; return line.numbers()
            }), numbers.count >= 3
        else { return }
        add("host.files.open", Double(numbers[0]) - Double(min(numbers[0], numbers[1])))
        add("host.files.max", Double(numbers[2]))
    }

    /// /proc/pressure/…: `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234`, in microseconds. The share of the
    /// time since the reading before in which some, or all, of what wanted to run waited.
    mutating func readPressure(_ resource: String) {
        var text = ProcText(bytes)
        while var line = text.line() {
            guard let kind = line.word(), kind.elementsEqual("some".utf8) || kind.elementsEqual("full".utf8) else {
                continue
            }
            while let word = line.word() {
                guard word.starts(with: "total=".utf8) else { continue }
                let name = "host.pressure.\(resource).\(kind.first == UInt8(ascii: "s") ? "some" : "full")"
                addRate(name, ProcLine.number(word.dropFirst(6)), factor: 1e-6 * 100)
            }
        }
    }
}
