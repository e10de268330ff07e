import Core
import Synchronization
import Testing

@testable import ControlPlane

@Suite("Calling webhooks")
struct WebhookSenderTests {
    private func post(
        _ url: String, with sender: WebhookSender = WebhookSender(), allowsLoopback: Bool = true
    ) async throws -> Int {
        try await sender.post(
            try WebhookURL(url), headers: [("content-type", "application/json")], body: "{}",
            allowsLoopback: allowsLoopback)
    }

    private func code(_ body: () async throws -> Int) async -> String {
        do { return "\(try await body())" } catch { return (error as? Problem)?.code ?? "\(error)" }
    }

    @Test("this machine is called only where that is said, by whatever name")
    func loopback() async throws {
        let receiver = Receiver()
        try await receiver.serving { port async throws in
            #expect(try await post("http://127.0.0.1:\(port)/hook") == 204)
            #expect(try await post("http://localhost:\(port)/hook") == 204)
            for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.9.9.9"] {
                let code = await code { try await post("http://\(host):\(port)/", allowsLoopback: false) }
                #expect(code == "webhook.address-refused", "\(host): \(code)")
            }
        }
        #expect(receiver.requests.count == 2)
    }

    @Test("the address that was looked at is the one that is called: a name that changes its mind gains nothing")
    func rebinding() async throws {
        let receiver = Receiver()
        let looks = Mutex(0)
        // Good at the first look, and something else at every later one.
        let sender = WebhookSender { _ in
            looks.withLock { $0 += 1 }
            return [OutgoingAddress(bytes: looks.withLock { $0 } == 1 ? [127, 0, 0, 1] : [169, 254, 169, 254])]
        }
        try await receiver.serving { port async throws in
            #expect(try await post("http://hooks.example.com:\(port)/", with: sender) == 204)
        }
        #expect(looks.withLock { $0 } == 1)
        #expect(receiver.requests.first?.headers["host"]?.hasPrefix("hooks.example.com") == true)
        for bytes in [[169, 254, 169, 254], [127, 0, 0, 1], [0, 0, 0, 0]] as [[UInt8]] {
            // One bad address among good ones is enough.
            let sender = WebhookSender { _ in [OutgoingAddress(bytes: [192, 0, 2, 1]), OutgoingAddress(bytes: bytes)] }
            let code = await code {
                try await post("https://hooks.example.com/", with: sender, allowsLoopback: false)
            }
            #expect(code == "webhook.address-refused")
        }
    }

    @Test("another machine is called with TLS only")
    func plain() async {
        let sender = WebhookSender { _ in [OutgoingAddress(bytes: [192, 0, 2, 1])] }
        let code = await code { try await post("http://hooks.example.com/", with: sender) }
        #expect(code == "webhook.plain")
    }

    @Test("a redirect is an answer, and not followed")
    func redirect() async throws {
        let target = Receiver()
        try await target.serving { other async throws in
            let receiver = Receiver([.redirect("http://127.0.0.1:\(other)/secrets")])
            try await receiver.serving { port async throws in
                #expect(try await post("http://127.0.0.1:\(port)/") == 307)
            }
        }
        #expect(target.requests.isEmpty)
    }

    @Test("a receiver that says nothing is waited for a bounded time")
    func slow() async throws {
        let receiver = Receiver([.nothing])
        try await receiver.serving { port async throws in
            let sender = WebhookSender(timeout: Interval(milliseconds: 300))
            let code = await code { try await post("http://127.0.0.1:\(port)/", with: sender) }
            #expect(code == "webhook.unreachable")
        }
    }
}
