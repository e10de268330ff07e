import AsyncHTTPClient
package import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL

/// Calls webhooks, and nothing that a webhook could be a disguise of: the address behind the name is
/// looked up once, looked at, and just that address is called. Redirects are not followed.
package struct WebhookSender: Sendable {
    /// For a connection, TLS and the head of the answer together; its body is not read.
    package static let timeout = Interval.seconds(10)

    private let resolve: @Sendable (String) async throws(Problem) -> [OutgoingAddress]
    private let timeout: Interval

    /// - Parameter resolve: nil: the resolver of this machine.
    package init(
        timeout: Interval = timeout,
        resolve: (@Sendable (String) async throws(Problem) -> [OutgoingAddress])? = nil
    ) {
        if let resolve { self.resolve = resolve } else { self.resolve = NameLookup.addresses }
        self.timeout = timeout
    }

    /// - Returns: the HTTP status.
    /// - Throws: `webhook.address-refused`, `webhook.unreachable`, `webhook.plain`.
    package func post(
        _ url: WebhookURL, headers: [(name: String, value: String)], body: String, allowsLoopback: Bool
    ) async throws(Problem) -> Int {
        let address = try await address(of: url, allowsLoopback: allowsLoopback)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: .makeClientConfiguration(), redirectConfiguration: .disallow)
        configuration.timeout.connect = .milliseconds(timeout.milliseconds)
        configuration.timeout.read = .milliseconds(timeout.milliseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        // Between the look and the call, the name could come to mean something else.
        if !url.hasAddress { configuration.dnsOverride = [url.host: address] }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(string: body))
        let result: Result<Int, Problem>
        do {
            let response = try await client.execute(
                request, deadline: .now() + .milliseconds(timeout.milliseconds))
            result = .success(Int(response.status.code))
        } catch {
            result = .failure(Self.unreachable(url, error))
        }
        try? await client.shutdown()
        return try result.get()
    }

    /// - Returns: the address to call, as text.
    private func address(of url: WebhookURL, allowsLoopback: Bool) async throws(Problem) -> String {
        let addresses = try await resolve(url.host)
        guard let first = addresses.first else {
            throw Problem(
                "webhook.unreachable", "The webhook cannot be called.", cause: "\(url.host) has no address.",
                remedy: "Look at its name, and at the resolver of the server.")
        }
        for address in addresses {
            switch address.standing {
            case .usable where url.isEncrypted: break
            case .usable:
                throw Problem(
                    "webhook.plain", "The webhook was not called.",
                    cause: "\(url.host) is another machine, and its address begins with http://.",
                    remedy: "Use https://: what is sent says how your fabric is.")
            case .loopback where allowsLoopback: break
            case .loopback: throw Self.refused(url, address, "this machine")
            case .refused(let what): throw Self.refused(url, address, what)
            }
        }
        return first.text
    }

    private static func refused(_ url: WebhookURL, _ address: OutgoingAddress, _ what: String) -> Problem {
        Problem(
            "webhook.address-refused", "The webhook was not called.",
            cause: "\(url.host) is \(address.text): \(what).",
            remedy: what == "this machine"
                ? "Write `loopback: true` if it is meant to be called." : "Use the address of a receiver.")
    }

    private static func unreachable(_ url: WebhookURL, _ error: any Error) -> Problem {
        // What NIOSSL says beside this names files of its sources.
        if "\(error)".contains("CERTIFICATE_VERIFY_FAILED") {
            return Problem(
                "webhook.unreachable", "The webhook cannot be called.",
                cause: "\(url.host):\(url.port) has a certificate of an authority that the server does not trust.",
                remedy: "Add a private authority to those of the server's machine; on Debian: a file in "
                    + "/usr/local/share/ca-certificates, then update-ca-certificates.")
        }
        return Problem(
            "webhook.unreachable", "The webhook cannot be called.",
            cause: "\(url.host):\(url.port): \(quotedForMessage("\(error)", lengthMax: 200)).",
            remedy: "Look at the receiver; the notification is sent again.")
    }
}
