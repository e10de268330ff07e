import Core
import Crypto
import FoundationEssentials
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

@Suite("Joining")
struct JoinTests {
    private let host: HostName

    init() throws { host = try HostName("web-1") }

    private var later: Instant { systemTime() + .minutes(5) }

    private func join(
        _ fabric: Fabric, with token: JoinToken, as host: HostName? = nil, folder: String
    ) async throws -> AgentIdentity {
        let host = host ?? self.host
        return try await serving(fabric.gateway()) { server in
            try await AgentJoin.join(server: server, token: token, host: host, folder: folder)
        }
    }

    @Test("With its token a host gets a certificate of its own, and keeps it")
    func joins() async throws {
        let fabric = try Fabric()
        let folder = TemporaryFolder()
        let token = await fabric.tokens.mint(fabric.authority, for: host, expiresAt: later)
        let identity = try await join(fabric, with: token, folder: folder.path)
        #expect(identity.fabric.text == "prod" && identity.packageKey == fabric.authority.packageKeyBase64)
        let kept = try #require(try AgentIdentity.load(folder: folder.path))
        #expect(kept.certificatePEM == identity.certificatePEM)
        let life = kept.renewsAt - systemTime()
        #expect(life > .seconds(59 * 86_400) && life < .seconds(61 * 86_400))
    }

    @Test("A token lets in one host, once")
    func replay() async throws {
        let fabric = try Fabric()
        let folder = TemporaryFolder()
        let token = await fabric.tokens.mint(fabric.authority, for: host, expiresAt: later)
        _ = try await join(fabric, with: token, folder: folder.path)
        let other = TemporaryFolder()
        let problem = await #expect(throws: Problem.self) { try await join(fabric, with: token, folder: other.path) }
        #expect(problem?.code == "join-token.refused")
        #expect(try AgentIdentity.load(folder: other.path) == nil)
    }

    @Test("An expired token, and one for another host, let nobody in")
    func expiredOrForeign() async throws {
        let fabric = try Fabric()
        let folder = TemporaryFolder()
        let old = await fabric.tokens.mint(fabric.authority, for: host, expiresAt: systemTime())
        let expired = await #expect(throws: Problem.self) { try await join(fabric, with: old, folder: folder.path) }
        #expect(expired?.cause == "It has expired.")
        let token = await fabric.tokens.mint(fabric.authority, for: host, expiresAt: later)
        let foreign = await #expect(throws: Problem.self) {
            try await join(fabric, with: token, as: try HostName("web-2"), folder: folder.path)
        }
        #expect(foreign?.code == "join-token.refused")
        // Refused for another host, it still is good for its own.
        _ = try await join(fabric, with: token, folder: folder.path)
    }

    @Test("An agent does not show its token to a server with another authority")
    func wrongFingerprint() async throws {
        let fabric = try Fabric()
        let impostor = try Fabric()
        let folder = TemporaryFolder()
        let token = await fabric.tokens.mint(fabric.authority, for: host, expiresAt: later)
        let problem = await #expect(throws: Problem.self) { try await join(impostor, with: token, folder: folder.path) }
        #expect(problem?.code == "join.server-untrusted")
        // The token was not shown: it still is good.
        _ = try await join(fabric, with: token, folder: folder.path)
    }

    @Test("A server that is not there is a problem that says so")
    func noServer() async throws {
        let token = JoinToken.mint(authorityFingerprint: Core.Digest(bytes: [UInt8](repeating: 0, count: 32)))
        let folder = TemporaryFolder()
        let problem = await #expect(throws: Problem.self) {
            try await AgentJoin.join(
                server: ServerAddress(host: "127.0.0.1", port: 1), token: token, host: host, folder: folder.path)
        }
        #expect(problem?.code == "join.failed")
    }

    @Test("The authority is made once, with a private file, and belongs to its fabric")
    func authority() throws {
        let folder = TemporaryFolder()
        let made = try FabricAuthority.open(folder: folder.path, fabric: try FabricName("prod"), at: systemTime())
        let loaded = try FabricAuthority.open(folder: folder.path, fabric: try FabricName("prod"), at: systemTime())
        #expect(made.fingerprint == loaded.fingerprint)
        #expect(made.packageKeyBase64 == loaded.packageKeyBase64)
        #expect(throws: Problem.self) {
            try FabricAuthority.open(folder: folder.path, fabric: try FabricName("dev"), at: systemTime())
        }
        try PrivateFile.write(Array("{}".utf8), to: "\(folder.path)/authority.json")
        let problem = #expect(throws: Problem.self) {
            try FabricAuthority.open(folder: folder.path, fabric: try FabricName("prod"), at: systemTime())
        }
        #expect(problem?.code == "authority.invalid")
    }

    @Test("A request that is not signed with its own key, or is no request, is refused")
    func requests() throws {
        let fabric = try Fabric()
        let request = try JoinAnswer.request(host: host, token: "", key: P256.Signing.PrivateKey()).certificateRequest
        var bytes = try #require(
            Data(base64Encoded: request.split(separator: "\n").dropFirst().dropLast().joined()))
        bytes[bytes.count - 1] ^= 1
        let forged =
            "-----BEGIN CERTIFICATE REQUEST-----\n\(bytes.base64EncodedString())\n-----END CERTIFICATE REQUEST-----"
        for text in ["", "-----BEGIN", forged, String(repeating: request, count: 100)] {
            #expect(throws: Problem.self) { try fabric.authority.issue(requestPEM: text, host: host, at: systemTime()) }
        }
    }
}
