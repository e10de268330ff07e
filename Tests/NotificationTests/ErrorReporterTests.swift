import Core
import FoundationEssentials
import Logging
import Logs
import Synchronization
import SystemPackage
import Telemetry
import Testing

@testable import ControlPlane

@Suite("Telling of errors that apps log")
final class ErrorReporterTests {
    private final class Clock: Sendable {
        let now = Mutex(Instant(milliseconds: 1_700_000_000_000))
        func pass(_ interval: Interval) { now.withLock { $0 = $0 + interval } }
    }

    private let folder: String
    private let store: SQLiteStateStore
    private let clock = Clock()
    private let marks = Marks()

    private final class Marks: Sendable {
        let events = Mutex<[GraphEvent]>([])
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/apus-errors-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try SQLiteStateStore(database: StateDatabase(path: folder + "/state.db")) {
            Instant(milliseconds: 1_700_000_000_000)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func notifier() async throws -> NotificationService {
        let clock = clock
        let service = try await NotificationService(
            fabric: FabricName(checked: "prod"), store: store, secrets: WebhookSecrets(folder: FilePath(folder)),
            now: { clock.now.withLock { $0 } }, logger: Logger(label: "test"))
        let hook = NotificationHook(
            name: HookName(checked: "chat"), webhook: try WebhookURL("https://chat.example.com/x"),
            secret: SecretName(checked: "chat"), events: [.appErrors])
        await service.begin(hooks: [hook])
        return service
    }

    private func reporter() async throws -> ErrorReporter {
        let (clock, marks, notifier) = (clock, marks, try await notifier())
        return try await ErrorReporter(
            ErrorReporter.Outlets(
                fabric: FabricName(checked: "prod"), store: store,
                tell: { body, operations throws(Problem) in try await notifier.tell(body, with: operations) },
                mark: { event in marks.events.withLock { $0.append(event) } }),
            now: { clock.now.withLock { $0 } }, logger: Logger(label: "test"))
    }

    private func lines(_ texts: String..., app: String = "shop", level: LogLevel = .error) -> LogBatch {
        var processor = LogProcessor(seed: 1)
        let labels: LogStream = ["app": app, "release": "r8", "host": "web-1"]
        let stream = processor.builder.stream(labels)
        for text in texts {
            processor.take(
                OwnLines.Line(time: 1_700_000_000_000_000_000, level: level, message: text, fields: []),
                stream: stream)
        }
        return processor.takeBatch()
    }

    private func told() async throws -> [NotificationBody] {
        try await store.values(.prefix(NotificationKeys.waiting), as: NotificationQueue.Item.self)
            .sorted { $0.sequence < $1.sequence }
            .map { try JSONDecoder().decode(NotificationBody.self, from: Data($0.body.utf8)) }
    }

    @Test("a new kind is told once with its first lines, marks charts, and is known to the next server")
    func toldOnce() async throws {
        let first = try await reporter()
        first.take(lines("payment 1 failed", "payment 2 failed", "no stock of \"tea\""))
        await first.pass()
        #expect(try await told().isEmpty)
        clock.pass(.seconds(10))
        await first.pass()
        let bodies: [NotificationBody] = try await told()
        let body = try #require(bodies.first)
        #expect(bodies.count == 1)
        #expect(body.kind == .appErrors)
        #expect(body.app == AppName(checked: "shop"))
        #expect(
            body.sentence
                == #"shop logs errors: "payment <*> failed", 2 lines, new in r8; and of 1 other kind"#)
        #expect(body.errors?.first?.lines == ["payment 1 failed", "payment 2 failed"])
        #expect(body.errors?.first?.query == #"app:=shop level:>=error payment failed"#)
        #expect(marks.events.withLock { $0 }.map(\.what) == ["shop: payment <*> failed"])

        // The next server knows what was told, and counts on.
        let next = try await reporter()
        next.take(lines("payment 3 failed"))
        clock.pass(.minutes(5))
        await next.pass()
        #expect(try await told().count == 1)
        #expect(next.known(of: "shop").first?.group.count == 3)
        clock.pass(.minutes(56))
        await next.pass()
        #expect(try await told().last?.sentence == #"shop logs errors: "payment <*> failed", 1 line, again"#)
    }

    @Test("git says what is no error, and whether anybody is told")
    func configured() async throws {
        let reporter = try await reporter()
        try reporter.configure(LogErrorsSpec(level: .warn, except: "\"client is gone\""))
        reporter.take(lines("client is gone", "slow 7", level: .warn))
        #expect(reporter.known(of: nil).map(\.group.text) == ["slow <*>"])
        try reporter.configure(LogErrorsSpec(isOn: false))
        reporter.take(lines("boom"))
        #expect(reporter.known(of: nil).count == 1)
        #expect(throws: Problem.self) { try reporter.configure(LogErrorsSpec(except: "level:>=warn (")) }
    }

    @Test("a label that is no app's name is told all the same")
    func strangeNames() async throws {
        let reporter = try await reporter()
        reporter.take(lines("boom", app: "Ünï \u{1F600} \u{1B}[31m"))
        clock.pass(.seconds(11))
        await reporter.pass()
        let body = try #require(try await told().first)
        #expect(body.app == nil)
        #expect(!body.sentence.contains("\u{1B}"))
    }
}
