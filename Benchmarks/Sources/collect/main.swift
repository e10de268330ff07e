import Glibc
import Logs
import SystemPackage
import Telemetry

/// `collect FILE FOLDER LINES` ships a file as an agent does, but to nobody: lines go into the buffer in FOLDER, and
/// what it would send is acknowledged. When so many lines were taken it prints what that took of a processor, and the
/// memory, as JSON.

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func residentMebibytes() throws -> Double {
    let file = try FileDescriptor.open("/proc/self/statm", .readOnly)
    let text = try file.closeAfter {
        try String(unsafeUninitializedCapacity: 256) { try file.read(into: UnsafeMutableRawBufferPointer($0)) }
    }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return Double(pages * Int(getpagesize())) / 1_048_576
}

func collect(_ file: String, _ folder: FilePath, lines: Int) throws {
    let (spool, _) = try LogSpool.open(folder, on: Disk(), identity: 1)
    let source = LogFileSource([try PathGlob(file)]) { _, _ in ["app": "busy"] }
    let collector = LogCollector([source], on: SystemLogFiles(), events: LogEvents(seed: 1), spool: spool)
    let began = processorSeconds()
    var (sent, bytes): (UInt64, Int) = (0, 0)
    var most = 0.0
    while collector.counts.lines < lines {
        let pause = collector.step(at: now())
        while let parcel = try spool.next(after: sent) {
            sent = parcel.number
            bytes += parcel.bytes.count
            spool.acknowledge(sent)
        }
        most = max(most, try residentMebibytes())
        if pause > 0 { usleep(UInt32(pause) * 1000) }
    }
    _ = collector.drain(at: now())
    let counts = collector.counts
    print(
        "{\"lines\": \(counts.lines), \"cpu_seconds\": \(processorSeconds() - began), \"mb\": \(Double(counts.bytes) / 1e6), "
            + "\"sent_mb\": \(Double(bytes) / 1e6), \"resident_mib\": \(most)}")
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let lines = Int(arguments[3]) else {
    print("usage: collect FILE FOLDER LINES")
    exit(64)
}
try collect(arguments[1], FilePath(arguments[2]), lines: lines)
