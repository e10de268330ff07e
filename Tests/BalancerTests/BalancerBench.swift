import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import Agent
@testable import Core

/// A balancer in a folder of its own, and backends: all gone when the test ends.
final class BalancerBench: @unchecked Sendable {
    static let address = "127.0.77.9"
    static let host = "shop.example.com"

    let root: FilePath
    let driver: any BalancerDriver
    let port: Int
    private(set) var backends: [BackendProcess] = []
    var configuration: BalancerConfiguration

    private let diskBytes: Int?

    private init(_ make: (BalancerName, FilePath) -> any BalancerDriver, diskBytes: Int?) throws {
        self.diskBytes = diskBytes
        // Deeper than the address of a unix socket may be long.
        root = FilePath(
            "/tmp/apus-balancer-\(UInt64.random(in: 0...UInt64.max))/\(String(repeating: "deep", count: 30))")
        try FileManager.default.createDirectory(atPath: root.string, withIntermediateDirectories: true)
        if let diskBytes, mount("tmpfs", root.string, "tmpfs", 0, "size=\(diskBytes)") != 0 {
            throw Errno(rawValue: errno)
        }
        driver = make(try BalancerName("edge"), root)
        port = try freePort(Self.address)
        configuration = BalancerConfiguration(
            balancer: driver.name, engine: driver is NginxDriver ? .nginx : .haproxy,
            listeners: [.init(address: Self.address, port: port)],
            routes: [.init(host: Self.host, path: "/", backend: "shop.web")],
            backends: [.init(name: "shop.web", servers: [], healthPath: "/healthz")])
    }

    static func with(
        instances: Int, diskBytes: Int? = nil, _ make: (BalancerName, FilePath) -> any BalancerDriver,
        _ body: (BalancerBench) async throws -> Void
    ) async throws {
        let bench = try BalancerBench(make, diskBytes: diskBytes)
        do {
            for slot in 0..<instances { try bench.add("shop.web.\(slot + 1).r1") }
            try await bench.apply()
            try await body(bench)
        } catch {
            try? await bench.end()
            throw error
        }
        try await bench.end()
    }

    @discardableResult
    func add(
        _ id: String, _ standing: BalancerConfiguration.Server.Standing = .serving, to backend: Int = 0,
        isHasty: Bool = false
    ) throws -> BackendProcess {
        let process = try BackendProcess(name: id, isHasty: isHasty)
        backends.append(process)
        configuration.backends[backend].servers.append(
            .init(instance: try InstanceID(id), address: process.address, port: process.port, standing: standing))
        configuration.backends[backend].servers.sort { $0.instance < $1.instance }
        return process
    }

    func set(_ id: String, _ standing: BalancerConfiguration.Server.Standing) {
        for index in configuration.backends[0].servers.indices
        where configuration.backends[0].servers[index].instance.description == id {
            configuration.backends[0].servers[index].standing = standing
        }
    }

    func weigh(_ id: String, _ weight: Int) {
        for index in configuration.backends[0].servers.indices
        where configuration.backends[0].servers[index].instance.description == id {
            configuration.backends[0].servers[index].weight = weight
        }
    }

    @discardableResult
    func apply(drained: [InstanceID] = [], seconds: Int = 10) async throws -> Digest {
        try await driver.apply(configuration, drained: drained, deadline: ContinuousClock().now + .seconds(seconds))
    }

    var url: String { "http://\(Self.address):\(port)" }

    func get(_ path: String = "/", host: String = BalancerBench.host, _ more: String...) async throws -> String {
        try await output("curl", ["-s", "-i", "-m", "5", "-H", "Host: \(host)"] + more + [url + path])
    }

    /// Requests by instance, as the balancer counts them.
    func served() async throws -> [String: Int64] {
        var served: [String: Int64] = [:]
        for server in try await driver.traffic() {
            served[server.instance.description, default: 0] += server.traffic.requests
        }
        return served
    }

    func masterProcess() async -> pid_t? {
        switch driver {
        case let driver as HAProxyDriver: await driver.running?.process.processID
        case let driver as NginxDriver: await driver.running?.process.processID
        default: nil
        }
    }

    /// Which instances answer, over some requests.
    func answering(requests: Int = 8) async throws -> Set<String> {
        var names: Set<String> = []
        for _ in 0..<requests {
            let line = try await get().split(whereSeparator: \.isNewline).last ?? ""
            names.insert(String(line.prefix { $0 != " " }))
        }
        return names
    }

    func load(seconds: Int, posts: Bool = false) async throws -> Load {
        try await Load.run(url + "/", host: Self.host, seconds: seconds, posts: posts)
    }

    /// Fills the disk that the balancer's folder is on.
    /// - Returns: the file to remove.
    func fillDisk() throws -> FilePath {
        let filler = root.appending("filler")
        let file = try FileDescriptor.open(filler, .writeOnly, options: [.create], permissions: .ownerReadWrite)
        defer { try? file.close() }
        for size in [64 << 10, 1] {
            while (try? file.writeAll([UInt8](repeating: 0, count: size))) != nil {}
        }
        return filler
    }

    private func end() async throws {
        for backend in backends { backend.kill() }
        try await driver.stop()
        #expect(!FileManager.default.fileExists(atPath: root.appending("edge").string))
        if diskBytes != nil { umount2(root.string, Int32(MNT_DETACH)) }
        try FileManager.default.removeItem(atPath: root.removingLastComponent().string)
    }
}
