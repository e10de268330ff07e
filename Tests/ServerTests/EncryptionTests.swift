import Core
import FoundationEssentials
import Subprocess
import SystemPackage
import Testing
import Wire

@testable import Server

@Suite("The API over TLS")
struct EncryptionTests {
    private static let openssl = "/usr/bin/openssl"

    /// A certificate that signs itself, and its key.
    private func certificate() async throws -> FabricServer.Configuration.Certificate {
        let result = try await run(
            .path(FilePath(Self.openssl)),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                "-keyout", "-",
                "-out", "-", "-subj", "/CN=apus test", "-addext", "subjectAltName=IP:127.0.0.1",
            ], output: .string(limit: 1 << 16), error: .discarded)
        let text = result.standardOutput
        let end = "-----END PRIVATE KEY-----\n"
        let parts = text.components(separatedBy: end)
        try #require(parts.count == 2)
        return .init(chain: parts[1], key: parts[0] + end)
    }

    @Test(
        "A client that knows the authority is served, and one that does not sends nothing",
        .enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
    func trust() async throws {
        let certificate = try await certificate()
        try await RunningServer.with(certificate: certificate) { server async throws in
            let url = "https://127.0.0.1:\(server.port)"
            let knowing = try APIClient(APIAddress(url, token: "viewer", authority: certificate.chain))
            let version = try? await knowing.version()
            await knowing.shutdown()
            #expect(version?.fabric.text == "prod")
            let stranger = try APIClient(APIAddress(url, token: "viewer"))
            let refused = await #expect(throws: Problem.self) { try await stranger.version() }
            await stranger.shutdown()
            #expect(refused?.code == "server.untrusted")
        }
    }

    @Test("A certificate that can't be read keeps the server from starting")
    func brokenCertificate() async throws {
        await #expect {
            try await RunningServer.with(certificate: .init(chain: "no", key: "no")) { _ in }
        } throws: { _ in true }
    }
}
