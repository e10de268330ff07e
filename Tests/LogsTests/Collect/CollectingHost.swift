import SystemPackage
import Telemetry

@testable import Logs

/// A host that collects from simulated files, and the server that has what it sent. Numbers of batches that the server
/// knows change nothing.
final class CollectingHost {
    let files: SimulatedFiles
    private(set) var disk: SpoolDisk
    private(set) var spool: LogSpool?
    private(set) var collector: LogCollector?
    var options = LogSpool.Options()
    var collectorOptions = LogCollector.Options()
    var sources: [LogFileSource]
    /// What the server has.
    private(set) var lines: [String: Int] = [:]
    private(set) var ordered: [String] = []
    private(set) var streams: Set<LogStream> = []
    private var known: [UInt64: UInt64] = [:]
    var now: Int64 = 1_700_000_000_000_000_000

    init(_ files: SimulatedFiles, disk: SpoolDisk = SpoolDisk(), sources: [LogFileSource]) throws {
        self.files = files
        self.disk = disk
        self.sources = sources
    }

    convenience init(_ patterns: String..., form: LogFileSource.Form = .lines) throws {
        let globs = try patterns.map { try PathGlob($0) }
        try self.init(
            SimulatedFiles(),
            sources: [
                LogFileSource(globs, form: form) { path, output in
                    LogStream([.init("source", output.isEmpty ? path : output)])
                }
            ])
    }

    func start() throws(TelemetryProblem) {
        guard collector == nil else { return }
        let (spool, _) = try LogSpool.open("/spool", on: disk, options, identity: 7)
        self.spool = spool
        collector = LogCollector(sources, on: files, events: LogEvents(seed: 1), spool: spool, collectorOptions)
    }

    /// Nothing of what is in memory is left.
    func kill() {
        collector = nil
        spool = nil
        disk = disk.restarted()
    }

    /// As a stop that is asked for.
    func stop() {
        _ = collector?.drain(at: now)
        kill()
    }

    @discardableResult
    func step(seconds: Double = 0) -> Int64 {
        now += Int64(seconds * 1_000_000_000)
        return collector?.step(at: now) ?? 0
    }

    /// Steps until nothing has been read for a while.
    func settle(seconds: Double = 12) {
        let end = now + Int64(seconds * 1_000_000_000)
        while now < end, collector != nil { if step(seconds: 0.25) == 0 { while step() == 0 {} } }
    }

    /// Sends what is in the buffer. `acknowledged`: whether the host learns that it came.
    func send(acknowledged: Bool = true, max: Int = .max) throws {
        guard let spool else { return }
        var number: UInt64 = 0
        var count = 0
        while count < max, let parcel = try spool.next(after: number) {
            number = parcel.number
            count += 1
            take(try LogBatch(packed: parcel.bytes), number: parcel.number, of: spool.identity)
            if acknowledged { spool.acknowledge(number) }
        }
    }

    private func take(_ batch: LogBatch, number: UInt64, of identity: UInt64) {
        guard number > known[identity, default: 0] else { return }
        known[identity] = number
        for line in batch.lines {
            let text = batch.withBytes(of: line.message) { String(decoding: $0, as: UTF8.self) }
            lines[text, default: 0] += 1
            ordered.append(text)
            streams.insert(batch.streams[Int(line.stream)])
        }
    }
}

/// Numbers that are the same for the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
