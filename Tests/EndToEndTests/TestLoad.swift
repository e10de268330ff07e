import FoundationEssentials
import Glibc
import SystemPackage
import Testing

/// Requests of bin/lib/load.py against a fleet's edge, each counted.
final class TestLoad: Sendable {
    struct Counters: Decodable {
        struct Version: Decodable { var served: Int }
        var served: Int
        var failed: Int
        var reasons: [String: Int]
        var sites: [String: [String: Version]]
    }

    private let process: ChildProcess
    private let counters: FilePath

    private init(_ fleet: TestFleet, edge: String, target: String) throws {
        let script = FilePath(#filePath).removingLastComponent().pushing("../../bin/lib/load.py").lexicallyNormalized()
        counters = fleet.folder.appending("load.json")
        // Of an earlier load.
        unlink(counters.string)
        let log = fleet.logs.appending("load.log")
        process = try ChildProcess(
            [
                "python3", script.string, "--edge", edge, "--target", target, "--counters", counters.string, "--rate",
                "80",
                "--clients", "6", "--seconds-max", "120",
            ], data: log, words: log)
    }

    /// Sends requests for the time of the body, and expects that every one is served.
    /// - Parameter site: the name that the requests ask for.
    static func expectNoFailure(
        _ fleet: TestFleet, site: String = "demo.localhost", _ body: (TestLoad) async throws -> Void
    ) async throws {
        guard let edge = try fleet.current.edge else { throw Trouble(description: "The fleet has no edge.") }
        let load = try TestLoad(fleet, edge: edge, target: site + "/")
        do {
            try await load.served(20)
            try await body(load)
            try await load.served(20)
        } catch {
            try await load.stop()
            throw error
        }
        try await load.stop()
        let end = try load.read()
        #expect(end.failed == 0, "\(end.served) served, \(end.failed) failed: \(end.reasons)")
    }

    /// Sends requests for the time of the body, whatever is answered.
    static func during(
        _ fleet: TestFleet, site: String = "demo.localhost", _ body: (TestLoad) async throws -> Void
    ) async throws {
        guard let edge = try fleet.current.edge else { throw Trouble(description: "The fleet has no edge.") }
        let load = try TestLoad(fleet, edge: edge, target: site + "/")
        do {
            try await load.served(20)
            try await body(load)
        } catch {
            try await load.stop()
            throw error
        }
        try await load.stop()
    }

    func read() throws -> Counters {
        try JSONDecoder().decode(Counters.self, from: Data(contentsOf: URL(filePath: counters.string)))
    }

    /// Waits until this many more requests are served.
    func served(_ count: Int) async throws {
        let before = (try? read().served) ?? 0
        try await eventually("\(count) more requests served", within: 15) { try read().served >= before + count }
    }

    /// Waits until a version has answered.
    func answered(by version: Int, of site: String = "demo.localhost") async throws {
        try await eventually("An answer of version \(version)") { try read().sites[site]?["\(version)"] != nil }
    }

    private func stop() async throws {
        process.signal(SIGINT)
        _ = try await process.end(within: 15)
    }
}
