package import Core
import Crypto
package import Logging
package import Logs
import Synchronization
package import Telemetry

/// Tells hooks and charts what apps log as errors, and remembers what it has told.
///
/// ```
/// logs/errors/APP   the kinds of errors of an app, whose name is written in hexadecimal digits of its hash
/// ```
package actor ErrorReporter {
    /// Who is told, and where it is remembered.
    package struct Outlets: Sendable {
        package var fabric: FabricName
        package var store: any StateStore
        /// Tells hooks, and does the operations in the same transaction.
        package var tell: @Sendable (NotificationBody, [Operation]) async throws(Problem) -> Void
        package var mark: @Sendable (GraphEvent) -> Void

        package init(
            fabric: FabricName, store: any StateStore,
            tell: @escaping @Sendable (NotificationBody, [Operation]) async throws(Problem) -> Void,
            mark: @escaping @Sendable (GraphEvent) -> Void
        ) {
            self.fabric = fabric
            self.store = store
            self.tell = tell
            self.mark = mark
        }
    }

    private struct State {
        var watch: ErrorWatch
        var spec = LogErrorsSpec.usual
    }

    private static let prefix = "logs/errors/"
    private static let tick = Duration.seconds(1)
    /// Between two times that counts are kept of what nobody need be told of.
    private static let saveGap = Interval.minutes(1)
    private static let linesOfNotice = 3
    /// Lines that are looked at after a kill.
    private static let missedMax = 10_000

    private let outlets: Outlets
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state: Mutex<State>
    /// What could not be told yet.
    private var waiting: [ErrorReport] = []
    private var hasFailed = false
    private var lastSave: Instant

    /// Knows what was told before.
    package init(
        _ outlets: Outlets, now: @escaping @Sendable () -> Instant, logger: Logger
    ) async throws(Problem) {
        self.outlets = outlets
        self.now = now
        self.logger = logger
        lastSave = now()
        let groups = try await outlets.store.values(.prefix(Self.prefix), as: [ErrorGroup].self).flatMap(\.self)
        state = Mutex(State(watch: ErrorWatch(groups: groups, seed: .random(in: 0 ... .max))))
    }

    /// Takes what git says.
    package nonisolated func configure(_ spec: LogErrorsSpec) throws(Problem) {
        let except = try told { () throws(TelemetryProblem) in
            spec.except.isEmpty ? nil : try LogQuery(spec.except).compiled().ordered()
        }
        let options = ErrorWatch.Options(
            level: LogLevel(word: spec.level.rawValue) ?? .error, except: except,
            again: spec.again.milliseconds * 1_000_000)
        state.withLock { state in
            state.spec = spec
            state.watch.configure(options)
        }
    }

    /// Lines that are kept.
    package nonisolated func take(_ batch: LogBatch) {
        let time = nanoseconds
        state.withLock { if $0.spec.isOn { $0.watch.take(batch, at: time) } }
    }

    /// Kinds of errors of an app or all, the last one that was seen first, each with the search for its lines.
    package nonisolated func known(of app: String?) -> [(group: ErrorGroup, query: LogQuery)] {
        state.withLock { state in
            state.watch.known(of: app).map { ($0, $0.query(from: state.watch.level)) }
        }
    }

    /// Looks for lines that came before the server was killed, and after it had last kept what it knew.
    func catchUp(from search: LogSearch) async throws(TelemetryProblem) {
        let time = nanoseconds
        let level = state.withLock { $0.spec.isOn ? $0.watch.level : nil }
        guard let level else { return }
        let filter = try LogQuery("app:* level:>=\(level.word)").compiled()
        let window = LogWindow(from: time - ErrorWatch.hour, until: time)
        let lines = try await search.page(filter, in: window, order: .newestFirst, limit: Self.missedMax).lines
        let batch = LogBatch(lines.reversed(), seed: .random(in: 0 ... .max))
        state.withLock { $0.watch.takeMissed(batch) }
    }

    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.tick)
            await pass()
        }
        // Not cut short by what ended the loop.
        await Task { await save() }.value
    }

    private nonisolated var nanoseconds: Int64 { now().milliseconds * 1_000_000 }

    /// Tells what is due.
    package func pass() async {
        let time = nanoseconds
        let outcome = state.withLock { $0.watch.pass(at: time) }
        waiting += outcome.reports
        while let report = waiting.first {
            do throws(Problem) {
                try await tell(report)
                hasFailed = false
                if !waiting.isEmpty { waiting.removeFirst() }
            } catch {
                if !hasFailed { logger.error("errors of apps are not told", metadata: ["problem": "\(error)"]) }
                hasFailed = true
                break
            }
        }
        if !outcome.forgotten.isEmpty { await save(Set(outcome.forgotten.map(\.app))) }
        if now() - lastSave >= Self.saveGap { await save() }
    }

    private func tell(_ report: ErrorReport) async throws(Problem) {
        let level = state.withLock { $0.watch.level }
        let notices = report.parts.map { part in
            let group = part.group
            return ErrorNotice(
                text: group.text, level: group.levelOfLines.word, count: part.count, isNew: part.isNew,
                firstAt: Instant(milliseconds: group.firstAt / 1_000_000),
                lastAt: Instant(milliseconds: group.lastAt / 1_000_000), release: group.firstRelease,
                lines: group.samples.prefix(Self.linesOfNotice).map(\.text), query: group.query(from: level).description
            )
        }
        let body = NotificationBody.errors(of: report.app, notices, fabric: outlets.fabric, at: now())
        try await outlets.tell(body, [try operation(report.app)])
        guard let first = notices.first(where: \.isNew) else { return }
        outlets.mark(
            GraphEvent(
                id: 0, time: now().milliseconds / 1000, what: "\(NotificationBody.shown(report.app)): \(first.text)",
                tags: ["errors", report.app], data: body.sentence))
    }

    /// What is known of an app, to be kept.
    private func operation(_ app: String) throws(Problem) -> Operation {
        let hash = SHA256.hash(data: Array(app.utf8)).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        let key = try StateKey(Self.prefix + hash.joined())
        let groups = state.withLock { $0.watch.known(of: app) }
        return groups.isEmpty ? .delete(key) : .put(key, try StateJSON.encode(groups))
    }

    /// Keeps what is known of the apps; nil: of those that had errors since the last time.
    private func save(_ apps: Set<String>? = nil) async {
        let since = lastSave.milliseconds * 1_000_000
        let changed = state.withLock { Set($0.watch.known().filter { $0.lastAt >= since }.map(\.app)) }
        if apps == nil { lastSave = now() }
        for app in (apps ?? changed).sorted() {
            do throws(Problem) {
                _ = try await outlets.store.transact(StateTransaction(success: [try operation(app)]))
            } catch {
                logger.error("counts of errors are not kept", metadata: ["problem": "\(error)"])
                return
            }
        }
    }
}
