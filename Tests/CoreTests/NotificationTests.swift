import Simulation
import Testing

@testable import Core

@Suite("Notifications")
struct NotificationTests {
    private static let chat = HookName(checked: "chat")
    private static let down = Problem("webhook.unreachable", "Down.", cause: "It is down.", remedy: "Wait.")
    private let start = Instant(milliseconds: 1_000_000)

    private func hook(_ name: HookName = chat) throws -> NotificationHook {
        NotificationHook(
            name: name, webhook: try WebhookURL("https://hooks.example.com/apus"), secret: SecretName(checked: "chat"))
    }

    private func item(_ sequence: Int64, at now: Instant? = nil, hook: HookName = chat) -> NotificationQueue.Item {
        NotificationQueue.Item(hook: hook, sequence: sequence, at: now ?? start, kind: .blind, body: "\(sequence)")
    }

    private func delivered(_ actions: [NotificationQueue.Action]) -> [Int64] {
        actions.compactMap { if case .deliver(let item, _, _) = $0 { item.sequence } else { nil } }
    }

    /// Lets time pass, second by second, with a receiver that answers at once.
    /// - Returns: the sequences in the order in which they arrived, with how often each was tried.
    private func run(
        _ queue: inout NotificationQueue, from start: Instant, for interval: Interval,
        _ answer: (Instant, NotificationQueue.Item) -> NotificationQueue.Outcome
    ) -> (taken: [Int64], tries: Int, removed: [Int64]) {
        var (taken, removed, tries): ([Int64], [Int64], Int) = ([], [], 0)
        var now = start
        while now < start + interval {
            var actions = queue.receive(.timePassed, at: now)
            while !actions.isEmpty {
                let action = actions.removeFirst()
                if case .remove(let item) = action { removed.append(item.sequence) }
                guard case .deliver(let item, _, _) = action else { continue }
                tries += 1
                let outcome = answer(now, item)
                if outcome == .taken { taken.append(item.sequence) }
                actions += queue.receive(.attempted(item, outcome), at: now)
            }
            now = now + .seconds(1)
        }
        return (taken, tries, removed)
    }

    @Test("a hook is told one thing after another, also when its receiver is away for an hour")
    func order() throws {
        var queue = NotificationQueue()
        _ = queue.receive(.configured([try hook()]), at: start)
        #expect(delivered(queue.receive(.added((1...50).map { item($0) }), at: start)) == [1])
        // Nothing else goes while it is on its way.
        #expect(delivered(queue.receive(.timePassed, at: start + .seconds(5))) == [])
        _ = queue.receive(.attempted(item(1), .failed(Self.down, isAnswer: false)), at: start)
        let back = start + .minutes(60)
        let run = run(&queue, from: start, for: .minutes(70)) { now, _ in
            now < back ? .failed(Self.down, isAnswer: false) : .taken
        }
        #expect(run.taken == Array(1...50))
        #expect(run.removed == run.taken)
        // Growing waits: 1, 2, 4 … 256 seconds, then every five minutes.
        #expect((15...25).contains(run.tries - 50))
        #expect(queue.isEmpty)
        #expect(queue.standing(of: Self.chat).problem == nil)
    }

    @Test("what is refused again and again makes room for the next; what is too old, or too much, is given up")
    func givingUp() throws {
        var queue = NotificationQueue()
        _ = queue.receive(.configured([try hook()]), at: start)
        _ = queue.receive(.added([item(1), item(2)]), at: start)
        _ = queue.receive(.attempted(item(1), .failed(Self.down, isAnswer: true)), at: start)
        let refused = run(&queue, from: start, for: .minutes(30)) { _, item in
            item.sequence == 1 ? .failed(Self.down, isAnswer: true) : .taken
        }
        #expect(refused.taken == [2])
        #expect(refused.removed == [1, 2])
        #expect(queue.standing(of: Self.chat).gaveUp == 1)
        _ = queue.receive(.added([item(3)]), at: start)
        let old = run(&queue, from: start + .minutes(60), for: .minutes(24 * 60)) { _, _ in
            .failed(Self.down, isAnswer: false)
        }
        #expect(old.removed == [3])
        let now = start + .minutes(3000)
        let many = queue.receive(.added((10...1210).map { item($0, at: now) }), at: now)
        #expect(many.count { if case .gaveUp = $0 { true } else { false } } == 201)
        #expect(queue.standing(of: Self.chat).waiting == NotificationQueue.itemsMax)
    }

    @Test("hooks do not wait for each other, and one that git no longer has is told nothing")
    func hooks() throws {
        let pager = HookName(checked: "pager")
        var queue = NotificationQueue()
        _ = queue.receive(.configured([try hook(), try hook(pager)]), at: start)
        _ = queue.receive(.added([item(1), item(2, hook: pager), item(3, hook: pager)]), at: start)
        _ = queue.receive(.attempted(item(1), .failed(Self.down, isAnswer: false)), at: start)
        #expect(delivered(queue.receive(.attempted(item(2, hook: pager), .taken), at: start)) == [3])
        #expect(queue.receive(.configured([try hook(pager)]), at: start) == [.remove(item(1))])
        #expect(queue.receive(.added([item(4)]), at: start).contains(.remove(item(4))))
    }

    @Test("a failed deploy is told with its figures, and that it went back")
    func bodies() throws {
        var fleet = SimulatedFleet(seed: 1, delays: .fixed)
        var configuration = SampleFabric.configuration()
        for name in ["web-1", "web-2"] {
            let host = SampleFabric.host(name)
            configuration.hosts[host.name] = host
        }
        let app = SampleFabric.app("shop", processes: [SampleFabric.process("web")], routesTo: "web")
        configuration.apps[app.name] = app
        fleet.configure(configuration)
        fleet.run(for: .seconds(1))
        var orchestrator = fleet.orchestrator
        _ = orchestrator.receive(.releaseAdded(SampleFabric.release(app, 1)), at: fleet.now)
        let begun = try orchestrator.begin(
            .init(app: app.name, kind: .deploy, release: 1, requestedBy: "ada"), at: fleet.now)
        let id = try #require(begun.execution)
        let fabric = FabricName(checked: "prod")
        let first = NotificationBody.all(in: begun.actions, fabric: fabric, at: fleet.now)
        #expect(first.map(\.kind) == [.executionStarted])
        #expect(first.first?.sentence == "deploy r1 of shop has begun")
        let ended = NotificationBody.all(
            in: try orchestrator.control(execution: id, .abort, at: fleet.now), fabric: fabric, at: fleet.now)
        #expect(ended.first?.kind == .executionAborted)
        #expect(ended.first?.execution?.startedBy == "ada")
    }

    @Test(
        "an address that only looks like one of a receiver is refused",
        arguments: [
            "ftp://example.com/", "https:/example.com", "https://", "https://user:secret@example.com/",
            "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/", "https://0177.0.0.1/",
            "https://1.2.3.4.5/", "https://256.1.1.1/", "https://[::1/", "https://[zz::1]/", "https://exa mple.com/",
            "https://example.com:0/", "https://example.com:99999/", "https://example.com:/x", "https://-a.example/",
            "https://example.com/\r\nhost: other", "https://example.com/#part", "https://ex\u{E4}mple.com/",
            "https://example.com\\@127.0.0.1/", "https://a..b/", "https://\u{202E}moc.example/",
        ])
    func hostileURL(_ text: String) {
        #expect(throws: Problem.self) { try WebhookURL(text) }
    }

    @Test("a webhook's address says what is called")
    func url() throws {
        let url = try WebhookURL("HTTPS://Hooks.Example.com:8443/a/b?c=d")
        #expect(url.host == "hooks.example.com" && url.port == 8443 && url.isEncrypted && !url.hasAddress)
        #expect(url.withoutPath.text == "HTTPS://Hooks.Example.com:8443/(not-shown)")
        #expect(try WebhookURL("http://[::1]:80").hasAddress)
        #expect(try WebhookURL("http://h").withoutPath.text == "http://h/(not-shown)")
        #expect(throws: Problem.self) { try WebhookURL("https://a.example/" + String(repeating: "a", count: 64 << 10)) }
    }

    @Test("what is on this machine, on its link, or a metadata service is known in every notation")
    func addresses() {
        func standing(_ bytes: [UInt8]) -> OutgoingAddress.Standing { OutgoingAddress(bytes: bytes).standing }
        let zeros = [UInt8](repeating: 0, count: 10)
        let link: [UInt8] = [169, 254, 169, 254]
        #expect(standing([127, 3, 2, 1]) == .loopback)
        #expect(standing(zeros + [0, 0, 0, 0, 0, 1]) == .loopback)
        #expect(standing(zeros + [0xFF, 0xFF, 127, 0, 0, 1]) == .loopback)
        #expect(standing(zeros + [0, 0, 127, 0, 0, 1]) == .loopback)
        #expect(standing([0x20, 0x02, 127, 0, 0, 1] + zeros) == .loopback)
        let refused: [[UInt8]] = [
            link, zeros + [0xFF, 0xFF] + link, [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] + link,
            [0x20, 0x02] + link + zeros, [0, 0, 0, 0], [255, 255, 255, 255], [224, 0, 0, 1], [100, 100, 100, 200],
            [192, 0, 0, 192], [0xFE, 0x80] + zeros + [0, 0, 0, 1], [0xFF, 0x02] + zeros + [0, 0, 0, 1],
            zeros + [0, 0, 0, 0, 0, 0], [0xFD, 0, 0x0E, 0xC2] + zeros + [2, 0x54], [1, 2, 3],
        ]
        for bytes in refused {
            if case .refused = standing(bytes) { continue }
            Issue.record("\(bytes) is \(standing(bytes))")
        }
        for bytes in [
            [10, 1, 2, 3], [192, 168, 1, 1], [93, 184, 216, 34], [0x20, 0x01, 0x0D, 0xB8] + zeros + [0, 1],
        ] as [[UInt8]] {
            #expect(standing(bytes) == .usable)
        }
    }
}
