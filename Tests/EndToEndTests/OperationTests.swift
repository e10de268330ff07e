import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("What people do every day")
    struct OperationTests {
        @Test("a broken commit stops nothing, is explained, and the next good one goes on", .timeLimit(.minutes(2)))
        func brokenCommit() async throws {
            let sample = try SampleRepository(base: 60)
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    let good = sample.app("demo")
                    let before = try await fleet.client.status().commit
                    try await fleet.commit(
                        ["apps/demo.yaml": good.replacing("    instances: 2", with: "    instanses: 2")], "Broken")
                    try await eventually("The broken commit being shown") {
                        let status = try await fleet.client.status()
                        return status.pendingCommit != nil && status.commit == before
                    }
                    let validate = try await fleet.apus("validate", try fleet.current.repository.string)
                    #expect(validate.code == 1)
                    #expect(validate.data.contains("apps/demo.yaml:8:5"), "\(validate.data)")
                    #expect(validate.data.contains("instances"), "the hint is missing: \(validate.data)")
                    let status = try await fleet.succeed("status")
                    #expect(status.data.contains("apus validate"), "\(status.data)")
                    try await load.served(20)
                    try await fleet.commit(
                        ["apps/demo.yaml": good, "src/demo/app.py": SampleRepository.program(version: 2)], "Mended")
                    try await load.answered(by: 2)
                    try await eventually("Nothing waiting") { try await fleet.client.status().pendingCommit == nil }
                }
            }
        }

        @Test(
            "a commit and people who ask for its deploy at once get one deploy, and none is refused",
            .timeLimit(.minutes(2)))
        func deploysAtOnce() async throws {
            let sample = try SampleRepository(base: 140)
            try await TestFleet.withDev(sample) { fleet in
                for version in 2...4 {
                    try await fleet.commit(
                        ["src/demo/app.py": SampleRepository.program(version: version)], "Version \(version)")
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<4 { group.addTask { try await fleet.succeed("deploy", "demo", "--wait") } }
                        try await group.waitForAll()
                    }
                    try await eventually("Release \(version) serving alone") {
                        try await fleet.releasesServing("demo") == [version]
                    }
                }
            }
        }

        @Test(
            "a commit that comes while an earlier one is built or rolled out is not forgotten", .timeLimit(.minutes(2)))
        func commitsInARow() async throws {
            let sample = try SampleRepository(base: 150)
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    for version in 2...5 {
                        let before = try await fleet.client.status().commit
                        try await fleet.commit(
                            ["src/demo/app.py": SampleRepository.program(version: version)], "Version \(version)")
                        // Its build or rollout is under way when the next one comes.
                        try await eventually("The commit being taken up") {
                            try await fleet.client.status().commit != before
                        }
                    }
                    try await load.answered(by: 5)
                }
            }
        }

        @Test("scale, drain and undrain fail no request; plans and locks say what they must", .timeLimit(.minutes(2)))
        func scaleAndDrain() async throws {
            let sample = try SampleRepository(base: 70)
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { _ in
                    for count in ["4", "1", "2"] {
                        try await fleet.succeed("scale", "demo", "web=\(count)", "--wait")
                        try await eventually("\(count) instances") {
                            "\(try await fleet.serving("demo").count)" == count
                        }
                    }
                    #expect(try await fleet.apus("plan", "--detailed-exitcode").code == 0)
                    let drain = try await fleet.apus("drain", "web-1", "--wait")
                    #expect(drain.code == 0, "\(drain.data)\(drain.words)")
                    try await eventually("web-1 being empty") {
                        let instances = try await fleet.serving("demo")
                        return instances.count == 2 && instances.allSatisfy { $0.host.text == "web-2" }
                    }
                    try await fleet.succeed("undrain", "web-1")
                    try await fleet.allServing("demo")
                }
                try await plans(fleet)
            }
        }

        private func plans(_ fleet: TestFleet) async throws {
            let app = try AppName("demo")
            try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
            try await eventually("Release 2 serving alone") { try await fleet.releasesServing("demo") == [2] }
            try await fleet.allServing("demo")
            try await eventually("The end of all executions") {
                try await fleet.client.executions(running: true).isEmpty
            }
            let plan = try await fleet.apus("plan", "demo", "--rollback", "--detailed-exitcode", "--json")
            #expect(plan.code == 2, "\(plan.data)\(plan.words)")
            let kept = try #require(
                try await fleet.client.makePlans(PlanRequest(purpose: .rollback, app: app)).first)
            _ = try await fleet.client.scale(app, ScaleRequest(process: try ProcessName("web"), count: 3))
            try await eventually("Three instances") { try await fleet.serving("demo").count == 3 }
            let stale = try await fleet.apus("approve", kept.id.text, "--yes")
            #expect(stale.code == 1 && stale.words.contains("stale"), "\(stale.data)\(stale.words)")
            // While a rollout runs, another change of the app is refused, and says who is at it.
            try await fleet.commit(
                ["src/demo/app.py": SampleRepository.program(version: 3, .neverHealthy)], "Version 3")
            let running = try await eventually("The rollout") {
                try await fleet.client.executions(running: true).first { $0.kind == .deploy }
            }
            let locked = try await fleet.apus("rollback", "demo", "--to", "1", "--yes")
            #expect(locked.code == 1 && locked.words.contains("deploy.locked"), "\(locked.data)\(locked.words)")
            #expect(
                locked.words.contains("Execution \(running.id)") && locked.words.contains("apus abort"),
                "\(locked.words)")
        }

        @Test("an app that leaves git leaves the hosts; an app that comes runs", .timeLimit(.minutes(2)))
        func appsComeAndGo() async throws {
            let sample = try SampleRepository(base: 80)
            try await TestFleet.withDev(sample) { fleet in
                let old = try await fleet.serving("demo").compactMap(\.processID)
                try await fleet.commit(
                    [
                        "apps/other.yaml": sample.app("other", instances: 1),
                        "src/other/app.py": SampleRepository.program(version: 7),
                    ],
                    "Another app")
                try await eventually("The other app serving") { try await fleet.serving("other").count == 1 }
                try await fleet.commit(["apps/demo.yaml": nil], "No demo")
                try await eventually("The end of demo") { try await fleet.instances("demo").isEmpty }
                try await eventually("The end of its processes") { old.allSatisfy { kill($0, 0) != 0 } }
                let edge = try #require(try fleet.current.edge)
                try await eventually("An answer of the other app") {
                    try await curl(edge + "/", host: "other.localhost", fleet) == "version 7\n"
                }
            }
        }

        @Test("an ordinary user runs a whole fleet", .timeLimit(.minutes(2)), .enabled(if: geteuid() == 0))
        func ordinaryUser() async throws {
            let sample = try SampleRepository(base: 90)
            let prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            try await TestFleet.withDev(sample, prefix: prefix) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    try await load.answered(by: 2)
                }
                let instance = try #require(try await fleet.serving("demo").first?.processID)
                var status = stat()
                #expect(stat("/proc/\(instance)", &status) == 0 && status.st_uid == 65534)
            }
        }

        @Test("a balancer whose port is taken keeps its old configuration, and says so", .timeLimit(.minutes(2)))
        func busyPort() async throws {
            let sample = try SampleRepository(base: 100)
            try await TestFleet.withDev(sample) { fleet in
                let taken = try Listener("127.0.30.100")
                defer { taken.end() }
                try await TestLoad.expectNoFailure(fleet) { load in
                    let balancer =
                        "balancer: edge\non: { labels: { role: edge } }\nlisten: [\(sample.edgePort), \(taken.port)]\n"
                    try await fleet.commit(["balancers/edge.yaml": balancer], "A port that is taken")
                    let problem = try await eventually("The balancer's refusal") {
                        try await fleet.client.hosts().flatMap(\.balancers).compactMap(\.problem).first
                    }
                    #expect("\(problem)".contains("\(taken.port)"), "\(problem)")
                    let status = try await fleet.client.status()
                    #expect(
                        status.hostList.contains { $0.colour != .green && $0.reason.contains("edge") },
                        "\(status.hostList.map(\.reason))")
                    try await load.served(40)
                    try await fleet.commit(["balancers/edge.yaml": sample.files["balancers/edge.yaml"]], "Back")
                    try await eventually("No refusal") {
                        try await fleet.client.hosts().flatMap(\.balancers).allSatisfy { $0.problem == nil }
                    }
                }
            }
        }
    }
}

/// Something else that listens at a port.
private final class Listener {
    let port: Int
    private let descriptor: Int32

    init(_ address: String) throws {
        port = try freePort(address)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
        guard isBound, listen(descriptor, 1) == 0 else { throw Trouble(description: "\(address):\(port) is taken.") }
    }

    func end() { close(descriptor) }
}
