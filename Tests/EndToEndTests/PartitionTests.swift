import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite(
        "Networks that are cut",
        .enabled(if: HostNetwork.isPossible, "network namespaces ask for root and `ip netns`"))
    struct PartitionTests {
        /// How the link of a host fails.
        enum Fault: String, CaseIterable {
            case bothWays
            case towardsTheHost
        }

        @Test(
            "a host that is cut off in a rollout is replaced after the grace, and serves nothing twice when it is back",
            .timeLimit(.minutes(3)), arguments: Fault.allCases)
        func cutOff(_ fault: Fault) async throws {
            let sample = try Self.sample(base: fault == .bothWays ? 165 : 175)
            try await Self.withNetwork(sample) { fleet, network, sample in
                try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                try await fleet.succeed("deploy", "demo", "--no-wait")
                try await eventually("The rollout") { try await !fleet.client.executions(running: true).isEmpty }
                switch fault {
                case .bothWays: try network.cut("web-1")
                case .towardsTheHost: try network.deafen("web-1")
                }
                try await eventually("web-1 being lost", within: 40) {
                    try await fleet.client.hosts().contains { $0.name.text == "web-1" && $0.contact == .lost }
                }
                try await eventually("Every instance serving elsewhere, of one release", within: 40) {
                    let serving = try await fleet.serving("demo").filter { $0.host.text != "web-1" }
                    return serving.count == sample.instances && Set(serving.map(\.release)).count == 1
                }
                let url = "http://\(sample.address(0)):\(sample.edgePort)/"
                let release = try #require(try await fleet.releasesServing("demo").first)
                #expect(try await curl(url, host: "demo.localhost", fleet) == "version \(release)\n")
                try network.heal("web-1")
                try await Self.converged(fleet, sample)
            }
        }

        @Test("when too many are silent at once nothing is moved, and the server says so", .timeLimit(.minutes(3)))
        func blind() async throws {
            let sample = try Self.sample(base: 160)
            try await Self.withNetwork(sample) { fleet, network, sample in
                func places() async throws -> Set<String> { Set(try await fleet.serving("demo").map { "\($0.id)" }) }
                let before = try await places()
                let executions = try await fleet.client.executions().count
                for host in ["web-1", "web-2", "web-3"] { try network.cut(host) }
                try await eventually("All being lost", within: 40) {
                    try await fleet.client.hosts().filter { $0.contact == .lost }.count == 3
                }
                try await eventually("The blindness being shown") {
                    try await fleet.client.status().reasons.contains { $0.contains("nothing is moved") }
                }
                #expect(try await fleet.client.executions().count == executions)
                for host in ["web-1", "web-2", "web-3"] { try network.heal(host) }
                try await eventually("All being back", within: 40) {
                    try await fleet.client.hosts().allSatisfy { $0.contact == .connected }
                }
                try await Self.converged(fleet, sample)
                #expect(try await places() == before)
            }
        }

        private static func sample(base: Int) throws -> SampleRepository {
            var sample = try SampleRepository(base: base)
            sample.webHosts = 3
            sample.instances = 3
            sample.grace = "5s"
            return sample
        }

        private static func withNetwork(
            _ sample: SampleRepository, _ body: (TestFleet, HostNetwork, SampleRepository) async throws -> Void
        ) async throws {
            // The edge's port was looked for on loopback, and is as free in a network of its own.
            let network = try HostNetwork(hosts: ["edge-1"] + (1...sample.webHosts).map { "web-\($0)" })
            defer { network.remove() }
            var sample = sample
            sample.addresses = (0...sample.webHosts).map { "\(network.network).\($0 + 2)" }
            let placed = sample
            try await TestFleet.withServerAndAgents(placed, network: network) { try await body($0, network, placed) }
        }

        private static func converged(_ fleet: TestFleet, _ sample: SampleRepository) async throws {
            try await eventually("What is desired being live, once", within: 60) {
                let serving = try await fleet.serving("demo")
                let known = Set(try await fleet.instances("demo").compactMap(\.processID))
                let found = ProcessTable().belonging(to: fleet.folder.string).filter {
                    $0.command.hasPrefix("python3 app.py")
                }
                let isWhole = serving.count == sample.instances && Set(serving.map(\.release)).count == 1
                guard isWhole, Set(found.map(\.processID)) == known else { return false }
                guard try await fleet.client.executions(running: true).isEmpty else { return false }
                return try await fleet.apus("plan", "--detailed-exitcode").code == 0
            }
        }
    }
}
