import Core
import Crypto
import FoundationEssentials
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Wire

@testable import ControlPlane

@Suite("Telling hooks")
final class NotificationServiceTests {
    private static let key = "0123456789abcdef0123456789abcdef"
    private let folder: String
    private let store: SQLiteStateStore
    private let clock = Mutex(Instant(milliseconds: 1_700_000_000_000))

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/apus-notify-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try SQLiteStateStore(database: StateDatabase(path: folder + "/state.db")) {
            Instant(milliseconds: 1_700_000_000_000)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func service() async throws -> NotificationService {
        try await NotificationService(
            fabric: FabricName(checked: "prod"), store: store,
            secrets: WebhookSecrets(folder: FilePath(folder)) { $0 == "APUS_SECRET_CHAT_ROOM" ? Self.key : nil },
            now: { Instant(milliseconds: 1_700_000_000_000) }, logger: Logger(label: "test"))
    }

    private func hook(_ port: Int, events: [NotificationKind]? = nil) throws -> NotificationHook {
        NotificationHook(
            name: HookName(checked: "chat"), webhook: try WebhookURL("http://127.0.0.1:\(port)/hook"),
            secret: SecretName(checked: "chat-room"), events: events, allowsLoopback: true)
    }

    /// A deploy of a small fabric, as the loop's actions.
    private func actions() -> [Orchestrator.Action] {
        [
            .announce(.hostChanged(HostName(checked: "web-1"), .lost)), .announce(.blind("2 of 3 hosts are silent")),
            .announce(.hostChanged(HostName(checked: "web-2"), .connected)),
            .announce(.hostChanged(HostName(checked: "web-1"), .connected)),
        ]
    }

    /// Keeps the actions' notifications as the loop does.
    private func keep(_ hooks: [NotificationHook], in service: NotificationService) async throws -> [NotificationQueue
        .Item]
    {
        let items = await service.items(for: actions(), hooks: hooks).items
        let operations = try NotificationService.operations(items).map(\.1)
        _ = try await store.transact(StateTransaction(success: operations))
        return items
    }

    private func running(_ service: NotificationService, until condition: () async throws -> Bool) async throws {
        let run = Task { try await service.run() }
        let deadline = ContinuousClock.now + .seconds(20)
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record("it did not happen in time")
                break
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        run.cancel()
        try? await run.value
    }

    private func waiting() async throws -> Int {
        try await store.range(.prefix(NotificationKeys.waiting), limit: nil).entries.count
    }

    @Test("what happens arrives in order, signed, and is kept no longer")
    func arrives() async throws {
        let receiver = Receiver()
        try await receiver.serving { port async throws in
            let service = try await service()
            let items = try await keep([try hook(port)], in: service)
            #expect(items.map(\.kind) == [.hostLost, .blind, .hostBack])
            #expect(try await waiting() == 3)
            await service.added(items)
            try await running(service) { try await waiting() == 0 }
        }
        let bodies = try receiver.requests.map {
            try JSONDecoder().decode(NotificationBody.self, from: Data($0.body.utf8))
        }
        #expect(bodies.map(\.kind) == [.hostLost, .blind, .hostBack])
        #expect(bodies.first?.host?.text == "web-1")
        for request in receiver.requests {
            let id = try #require(request.headers["webhook-id"])
            let timestamp = try #require(request.headers["webhook-timestamp"])
            let code = HMAC<SHA256>.authenticationCode(
                for: Data("\(id).\(timestamp).\(request.body)".utf8), using: SymmetricKey(data: Data(Self.key.utf8)))
            #expect(request.headers["webhook-signature"] == "v1,\(Data(code).base64EncodedString())")
        }
    }

    @Test("what a server had not told when it was killed, the next one tells")
    func restart() async throws {
        let receiver = Receiver([.status(503)])
        try await receiver.serving { port async throws in
            let hooks = [try hook(port, events: [.hostLost])]
            let killed = try await service()
            let items = try await keep(hooks, in: killed)
            #expect(items.count == 1)
            await killed.added(items)
            try await running(killed) { receiver.requests.count == 1 }
            let next = try await service()
            await next.begin(hooks: hooks)
            try await running(next) { try await waiting() == 0 }
            // Numbers go on.
            #expect(try await keep(hooks, in: next).first?.sequence == 2)
        }
        #expect(receiver.requests.count == 2)
        #expect(receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"])
        #expect(receiver.requests[0].body == receiver.requests[1].body)
    }

    @Test("a test says what is wrong, and does not wait in line")
    func test() async throws {
        let receiver = Receiver([.status(204), .status(404)])
        try await receiver.serving { port async throws in
            let service = try await service()
            var silent = try hook(port)
            silent.name = HookName(checked: "other")
            silent.secret = SecretName(checked: "missing")
            await service.begin(hooks: [try hook(port), silent])
            #expect(try await service.test(HookName(checked: "chat"), by: "ada").map(\.problem) == [nil])
            let both = try await service.test(nil, by: "ada")
            #expect(both.map { $0.problem?.code } == ["webhook.refused", "secret.unknown"])
            await #expect(throws: Problem.self) { try await service.test(HookName(checked: "nobody"), by: "ada") }
            let views = await service.views()
            #expect(
                views.map(\.webhook) == [
                    "http://127.0.0.1:\(port)/(not-shown)", "http://127.0.0.1:\(port)/(not-shown)",
                ])
        }
    }

    @Test("a secret's file must be private, and a secret long")
    func secrets() throws {
        let secrets = WebhookSecrets(folder: FilePath(folder)) { _ in nil }
        let name = SecretName(checked: "chat")
        let path = folder + "/chat"
        func code() -> String {
            do throws(Problem) {
                _ = try secrets.secret(name)
                return "read"
            } catch {
                return error.code
            }
        }
        #expect(code() == "secret.unknown")
        try PrivateFile.write(Array("short\n".utf8), to: path)
        #expect(code() == "secret.short")
        try PrivateFile.write(Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".utf8), to: path)
        #expect(code() == "read")
        // The example of Standard Webhooks 1.0.0.
        let signature = try secrets.secret(name).signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: #"{"test": 2432232314}"#)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(chmodAll(path) == 0)
        #expect(code() == "file.not-private")
    }
}

private func chmodAll(_ path: String) -> Int {
    do {
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        return 0
    } catch {
        return -1
    }
}
