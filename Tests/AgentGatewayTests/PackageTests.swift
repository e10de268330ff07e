import Core
import Crypto
import FoundationEssentials
import Synchronization
import SystemPackage
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

@Suite("Packages over the connection")
struct PackageTests {
    private static let size = 20 << 20

    private let host: HostName
    private let bytes: [UInt8]
    private let reference: PackageReference

    init() throws {
        host = try HostName("web-1")
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<Self.size / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        reference = PackageReference(
            app: try AppName("shop"), version: "1", digest: Core.Digest(bytes: SHA256.hash(data: bytes)),
            size: Int64(bytes.count), signature: "")
    }

    @Test("20 MB come through, over a network that is cut twice, without beginning anew")
    func resume() async throws {
        let fabric = try Fabric()
        fabric.package.withLock { $0 = bytes }
        let identity = try fabric.identity(host)
        let offsets = Recorder<Int64>()
        try await serving(fabric.gateway()) { [host, reference, bytes] server in
            let network = Forwarder(to: server)
            fabric.onChunk.withLock { onChunk in
                onChunk = { offset in
                    offsets.add(offset)
                    if offsets.values.count == 20 || offsets.values.count == 50 { network.cut() }
                }
            }
            try await network.running { address in
                let agent = try TestAgent(host, identity: identity, server: address)
                let folder = TemporaryFolder()
                let file = try await agent.running {
                    try await within(.seconds(60)) {
                        try await agent.packages.fetch(reference, to: FilePath(folder.path))
                    }
                }
                #expect(try Data(contentsOf: URL(filePath: file.string)) == Data(bytes))
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [reference.digest.hex])
                // There already: no connection is needed.
                #expect(try await agent.packages.fetch(reference, to: FilePath(folder.path)) == file)
            }
        }
        #expect(offsets.values.count < 100)
    }

    @Test("A package whose bytes are not those of the release is refused, and leaves nothing")
    func wrongDigest() async throws {
        let fabric = try Fabric()
        var wrong = bytes
        wrong[1_000_000] ^= 1
        fabric.package.withLock { [wrong] in $0 = wrong }
        let identity = try fabric.identity(host)
        try await serving(fabric.gateway()) { [host, reference] server in
            let agent = try TestAgent(host, identity: identity, server: server)
            let folder = TemporaryFolder()
            try await agent.running {
                let problem = await #expect(throws: Problem.self) {
                    try await agent.packages.fetch(reference, to: FilePath(folder.path))
                }
                #expect(problem?.code == "package.digest-wrong")
                fabric.package.withLock { $0 = Array($0.prefix(1000)) }
                let short = await #expect(throws: Problem.self) {
                    try await agent.packages.fetch(reference, to: FilePath(folder.path))
                }
                #expect(short?.code == "package.fetch-failed")
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.hasSuffix(".part") })
        }
    }

    @Test("Two who want one package fetch it once; one who waits for a connection can be stopped")
    func together() async throws {
        let fabric = try Fabric()
        fabric.package.withLock { $0 = bytes }
        let identity = try fabric.identity(host)
        let offsets = Recorder<Int64>()
        fabric.onChunk.withLock { $0 = { offsets.add($0) } }
        try await serving(fabric.gateway()) { [host, reference] server in
            let agent = try TestAgent(host, identity: identity, server: server)
            let folder = TemporaryFolder()
            let stopped = await withTaskGroup(of: Problem?.self) { group in
                group.addTask {
                    do throws(Problem) {
                        _ = try await agent.packages.fetch(reference, to: FilePath(folder.path))
                        return nil
                    } catch {
                        return error
                    }
                }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(stopped?.code == "package.fetch-failed")
            try await agent.running {
                async let first = agent.packages.fetch(reference, to: FilePath(folder.path))
                async let second = agent.packages.fetch(reference, to: FilePath(folder.path))
                let files = try await [first, second]
                #expect(files[0] == files[1])
            }
        }
        #expect(offsets.values.count == 80)
    }
}
