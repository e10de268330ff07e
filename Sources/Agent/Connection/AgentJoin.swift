package import Core
import Crypto
package import NIOCore
import NIOPosix
import NIOSSL
package import Wire

/// How a host becomes one of the fabric's: makes a key, shows the one-time token to the server
/// that the token is for, and keeps the certificate.
package enum AgentJoin {
    /// - Parameter folder: the agent's root folder; the identity is stored there.
    /// - Throws: what the server answered (`join-token.refused`, …), `join.failed`,
    ///   `join.server-untrusted`, `file.failed`.
    package static func join(
        server: ServerAddress, token: JoinToken, host: HostName, folder: String,
        silenceMax: Interval = AgentProtocol.silenceMax,
        eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(Problem) -> AgentIdentity {
        let key = P256.Signing.PrivateKey()
        let request = try JoinAnswer.request(host: host, token: token.text, key: key)
        let response: JoinResponse
        do {
            let channel = try await AgentTLS.connect(
                to: server, authorityFingerprint: token.authorityFingerprint, on: eventLoops)
            response = try await ask(request, on: channel, silenceMax: silenceMax)
        } catch let problem as Problem {
            throw problem
        } catch is NIOSSLError {
            throw untrusted(server)
        } catch is BoringSSLError {
            throw untrusted(server)
        } catch {
            throw failed(server, quotedForMessage("\(error)", lengthMax: 200))
        }
        try JoinAnswer.check(response, key: key)
        let identity = AgentIdentity(host: host, key: key, response: response, joinToken: token)
        try identity.store(folder: folder)
        return identity
    }

    private static func ask(
        _ request: JoinRequest, on channel: FrameChannel, silenceMax: Interval
    ) async throws -> JoinResponse {
        try await channel.executeThenClose { inbound, writer in
            try await withThrowingTaskGroup(of: JoinResponse?.self) { group in
                group.addTask {
                    try await SilenceWatch(silenceMax: silenceMax).run()
                    return nil
                }
                group.addTask {
                    // Whether it was sent shows in what is read: there TLS says why it was not.
                    try? await writer.send(.join(request))
                    for try await frame in inbound {
                        switch try frame.messageFromServer {
                        case .joined(let response): return response
                        case .refused(let problem): throw problem
                        default: continue
                        }
                    }
                    throw JoinAnswer.invalid("The server closed the connection without an answer.")
                }
                defer { group.cancelAll() }
                guard let response = try await group.next() ?? nil else { throw CancellationError() }
                return response
            }
        }
    }

    private static func untrusted(_ server: ServerAddress) -> Problem {
        Problem(
            "join.server-untrusted", "The host did not join: \(server) is not the server of the token's fabric.",
            cause: "Its certificate is not signed by the authority that the token names.",
            remedy: "Check the address; if the fabric was set up anew, make a new token there.")
    }

    private static func failed(_ server: ServerAddress, _ cause: String) -> Problem {
        Problem(
            "join.failed", "The host did not join: there was no connection to \(server).", cause: cause,
            remedy: "Check the address, that the server runs, and that no firewall is between.")
    }
}
