/// Makes figures of a host of the texts that its kernel shows, reading after reading. It reads no file itself:
/// whoever owns it hands in the bytes of each `HostFile`, and the time of a clock that is never set.
///
/// Sources: Linux, Documentation/filesystems/proc.rst, admin-guide/iostats.rst, accounting/psi.rst; proc(5).
package struct HostCollector: Sendable {
    /// Devices of one kind that have figures of their own, at most.
    static let devicesMax = 64

    private struct State: Sendable {
        var counters = CounterTable()
        var time: Double?
    }

    private var states: [HostFile: State] = [:]

    package init() {}

    /// The figures of a file, in the order of the file. Rates are there from the second reading on. What is not
    /// understood is left out.
    package mutating func receive(_ file: HostFile, _ bytes: [UInt8], at seconds: Double) -> [HostFigure] {
        var state = states.removeValue(forKey: file) ?? State()
        var reading = HostReading(
            bytes: bytes, elapsed: state.time.map { seconds - $0 }.flatMap { $0 > 0 ? $0 : nil },
            counters: state.counters)
        switch file {
        case .stat: reading.readStat()
        case .loadAverage: reading.readLoadAverage()
        case .memory: reading.readMemory()
        case .virtualMemory: reading.readVirtualMemory()
        case .disks: reading.readDisks()
        case .networkDevices: reading.readNetworkDevices()
        case .networkProtocols: reading.readNetworkProtocols()
        case .openFiles: reading.readOpenFiles()
        case .pressureCPU: reading.readPressure("cpu")
        case .pressureMemory: reading.readPressure("memory")
        case .pressureIO: reading.readPressure("io")
        }
        reading.counters.endReading()
        state.counters = reading.counters
        state.time = seconds
        states[file] = state
        return reading.figures
    }
}

/// The files that a host's figures are in. One that a kernel does not have is left out.
package enum HostFile: String, CaseIterable, Hashable, Sendable {
    case stat = "/proc/stat"
    case loadAverage = "/proc/loadavg"
    case memory = "/proc/meminfo"
    case virtualMemory = "/proc/vmstat"
    case disks = "/proc/diskstats"
    case networkDevices = "/proc/net/dev"
    case networkProtocols = "/proc/net/snmp"
    case openFiles = "/proc/sys/fs/file-nr"
    case pressureCPU = "/proc/pressure/cpu"
    case pressureMemory = "/proc/pressure/memory"
    case pressureIO = "/proc/pressure/io"

    package var path: String { rawValue }
}

/// One reading of one file.
struct HostReading {
    let bytes: [UInt8]
    /// Seconds since the reading before; nil at the first one.
    let elapsed: Double?
    var counters: CounterTable
    private(set) var figures: [HostFigure] = []

    init(bytes: [UInt8], elapsed: Double?, counters: CounterTable) {
        self.bytes = bytes
        self.elapsed = elapsed
        self.counters = counters
    }

    mutating func add(_ name: String, _ value: Double) { figures.append(HostFigure(name, value)) }

    /// What a counter grows in a second, times a factor. The name is the counter's own.
    mutating func addRate(_ name: String, _ value: UInt64?, factor: Double = 1, bits: Int = 64) {
        guard let value, let growth = counters.growth(name, value, bits: bits), let elapsed else { return }
        add(name, growth * factor / elapsed)
    }
}
