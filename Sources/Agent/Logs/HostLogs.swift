import Core
import FoundationEssentials
import Glibc
import Logging
import Logs
import ServiceLifecycle
import Synchronization
import SystemPackage
import Telemetry

/// What a host logs, on its way to the server: a thread that reads it into a buffer on disk.
///
/// What to collect is the server's to say, and is remembered: an agent that starts while the server is away goes on
/// with what it knew.
final class HostLogs: Service {
    private static let retryMilliseconds: Int64 = 5000
    /// How long the end waits for the server to have the last lines, if it is there.
    private static let farewell = Duration.seconds(3)
    private static let farewellGap: Int64 = 10

    private struct State {
        var collection: LogCollection?
        /// Counts changes of the collection.
        var version = 0
        var isStopping = false
        var counts = LogCollector.Counts()
        var level = LogSpool.Level()
    }

    let outbox = LogOutbox()
    private let folders: HostFolders
    private let own: OwnLines
    private let logger: Logger
    private let doze = Doze()
    private let state: Mutex<State>

    init(folders: HostFolders, own: OwnLines, logger: Logger) {
        self.folders = folders
        self.own = own
        self.logger = logger
        var state = State()
        state.collection = Self.remembered(in: folders)
        self.state = Mutex(state)
    }

    /// What is collected from now on; nil: nothing.
    func collect(_ collection: LogCollection?) {
        let isNew = state.withLock { state in
            guard state.collection != collection else { return false }
            state.collection = collection
            state.version += 1
            return true
        }
        guard isNew else { return }
        remember(collection)
        doze.wake()
    }

    /// Since the agent's start, and what the buffer holds.
    var figures: [(name: String, value: Double)] {
        let (counts, level) = state.withLock { ($0.counts, $0.level) }
        return [
            ("lines", counts.lines), ("bytes", counts.bytes), ("batches", counts.batches), ("files", counts.files),
            ("cut-lines", counts.cutLines), ("limited-lines", counts.limitedLines), ("lost-bytes", counts.lostBytes),
            ("waits", counts.waits), ("buffer.bytes", level.bytes), ("buffer.lines", level.lines),
            ("buffer.lost-lines", level.lost.lines), ("buffer.lost-bytes", level.lost.bytes),
        ].map { ("logs.\($0.0)", Double($0.1)) }
    }

    func run() async throws {
        let (ended, end) = AsyncStream<Void>.makeStream()
        let thread = try OSThread("apus-logs") {
            self.work()
            end.finish()
        }
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: .seconds(86_400 * 36_500)) }
        state.withLock { $0.isStopping = true }
        doze.wake()
        // Not cut short by the cancellation that ended the sleep: the last lines are put into the buffer.
        await Task { for await _ in ended {} }.value
        thread.join()
    }

    // MARK: The thread

    private func work() {
        while !state.withLock({ $0.isStopping }) {
            let (collection, version) = state.withLock { ($0.collection, $0.version) }
            if let collection {
                do throws(TelemetryProblem) { try work(collection, version) } catch {
                    // Lines stay where they are; with secrets in them, until it is known how to take those out.
                    logger.error("logs are not collected", metadata: ["problem": "\(error)"])
                }
                outbox.open(nil)
            }
            if isCurrent(version) { doze.wait(milliseconds: Self.retryMilliseconds) }
        }
    }

    private func isCurrent(_ version: Int) -> Bool { state.withLock { !$0.isStopping && $0.version == version } }

    /// Collects until something else is to be collected, or the buffer cannot be used any more.
    private func work(_ collection: LogCollection, _ version: Int) throws(TelemetryProblem) {
        var options = LogSpool.Options()
        options.bytesMax = Int(collection.buffer.bytes)
        let (spool, recovery) = try LogSpool.open(
            folders.logBuffer, on: Telemetry.Disk(), options, identity: .random(in: 0 ... .max))
        for loss in recovery.dropped { logger.error("log lines were lost", metadata: ["what": "\(loss)"]) }
        let seed = UInt64.random(in: 0 ... .max)
        let collector = LogCollector(
            try LogSources(folders: folders).sources(collection), on: SystemLogFiles(),
            inputs: [OwnLinesInput(own, labels: ["app": "apus", "process": "agent", "source": "apus"])]
                + listeners(collection.syslog) + journal(collection.journal, after: spool)
                + balancers(collection.balancers),
            events: LogEvents(try Self.redaction(collection.redactions), seed: seed), spool: spool)
        outbox.open(spool)
        var batches = 0
        while isCurrent(version) {
            let wait = collector.step(at: Self.now())
            let counts = collector.counts
            state.withLock { state in
                state.counts = counts
                state.level = spool.level
            }
            if counts.batches != batches {
                batches = counts.batches
                outbox.wake()
            }
            if wait > 0 { doze.wait(milliseconds: wait) }
        }
        _ = collector.drain(at: Self.now())
        if state.withLock({ $0.isStopping }) { sendLast(of: spool) }
    }

    /// The host may be about to go, and its disk with it.
    private func sendLast(of spool: LogSpool) {
        outbox.wake()
        let end = ContinuousClock.now + Self.farewell
        while outbox.isConnected, spool.level.lines > 0, ContinuousClock.now < end {
            doze.wait(milliseconds: Self.farewellGap)
        }
    }

    private func journal(_ isWanted: Bool, after spool: LogSpool) -> [any LogInput] {
        guard isWanted else { return [] }
        guard access(HostJournal.program, X_OK) == 0 else {
            logger.error("the journal is not collected", metadata: ["cause": "there is no \(HostJournal.program)"])
            return []
        }
        let cursor = spool.places.cursors[JournalInput.name]
        return [HostJournal(cursor: cursor, labels: ["source": "journal"])]
    }

    private func balancers(_ spec: BalancerLogsSpec?) -> [any LogInput] {
        spec?.isOn == false ? [] : [BalancerLogs(balancers: folders.balancers, rateMax: spec?.rateMax)]
    }

    /// One that cannot listen costs its lines, and no others.
    private func listeners(_ specs: [SyslogSpec]) -> [any LogInput] {
        specs.compactMap { spec -> (any LogInput)? in
            let labels = LogStream(spec.labels.map { .init($0.key, $0.value) } + [.init("source", "syslog")])
            do throws(TelemetryProblem) {
                switch spec.listener {
                case .socket(let path): return try SyslogInput(.socket(path: path), labels: labels)
                case .datagrams(let port):
                    return try SyslogInput(
                        .datagrams(address: "127.0.0.1", port: UInt16(clamping: port)), labels: labels)
                case .stream(let port):
                    return try SyslogInput(.stream(address: "127.0.0.1", port: UInt16(clamping: port)), labels: labels)
                }
            } catch {
                logger.error("a syslog listener was not started", metadata: ["problem": "\(error)"])
                return nil
            }
        }
    }

    /// What takes secrets out of lines before anything of them is kept; nil if git asks for none.
    private static func redaction(_ specs: [RedactionSpec]) throws(TelemetryProblem) -> LogProgram? {
        guard !specs.isEmpty else { return nil }
        let steps = specs.map { spec -> LogStep in
            .redact(
                LogRedaction(
                    kinds: Set(spec.kinds.compactMap(LogRedaction.Kind.init(rawValue:))), patterns: spec.patterns,
                    replacement: spec.replacement))
        }
        return try LogProgram([LogPipeline(name: "redact", steps: steps)])
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    // MARK: What is remembered

    private static func remembered(in folders: HostFolders) -> LogCollection? {
        guard let bytes = Disk.read(folders.logCollection) else { return nil }
        return try? JSONDecoder().decode(LogCollection.self, from: Data(bytes))
    }

    private func remember(_ collection: LogCollection?) {
        do {
            guard let collection else {
                unlink(folders.logCollection.string)
                return
            }
            try Disk.makeFolder(folders.logs)
            try Disk.write(Array(try JSONEncoder().encode(collection)), to: folders.logCollection)
        } catch {
            logger.warning("what is collected is not remembered", metadata: ["problem": "\(error)"])
        }
    }
}
