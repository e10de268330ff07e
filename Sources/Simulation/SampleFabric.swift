package import Core

/// Builds fabrics for tests, without the ceremony of a configuration repository. Names that are
/// written in tests are trusted to be names.
package enum SampleFabric {
    package static func name<Noun: Name>(_ text: String) -> Noun { Noun(checked: text) }

    package static func configuration(commit: Int = 1) -> FabricConfiguration {
        FabricConfiguration(fabric: name("prod"), commit: digest("commit", commit).hex.prefix(40).description)
    }

    package static func host(
        _ host: String, zone: String = "a", hostClass: String? = nil, memory: ByteCount? = nil,
        labels: [String: String] = [:],
        address: String = "127.0.0.1"
    ) -> HostSpec {
        HostSpec(
            name: name(host), address: address, hostClass: hostClass.map { name($0) }, region: name("eu"),
            zone: name(zone),
            labels: labels, memory: memory)
    }

    package static func process(
        _ process: String, instances: Int = 1, replacement: Replacement = .beside, memory: ByteCount? = nil,
        placement: HostSelector = HostSelector()
    ) -> ProcessSpec {
        let isListening = replacement == .beside
        return ProcessSpec(
            name: name(process), run: isListening ? .files(folder: "site") : .command(command), instances: instances,
            health: isListening ? HealthProbe(kind: .http(path: "/healthz"), startup: .seconds(30)) : nil,
            limits: ResourceLimits(memory: memory), placement: placement, replacement: replacement)
    }

    package static func app(
        _ app: String, processes: [ProcessSpec], rollout: RolloutPolicy = RolloutPolicy(), routesTo: String? = nil
    ) -> AppSpec {
        AppSpec(
            name: name(app), source: .folder(path: app), build: .files,
            processes: Dictionary(processes.map { ($0.name, $0) }) { first, _ in first },
            routes: routesTo.map { [RouteSpec(host: "\(app).example.com", to: name($0))] } ?? [], rollout: rollout)
    }

    /// A release of an app as it is declared now. Two with one number are one.
    package static func release(_ app: AppSpec, _ number: Int, at now: Instant = Instant(milliseconds: 0)) -> Release {
        Release(
            app: app.name, number: number,
            package: PackageReference(
                app: app.name, version: "v\(number)", digest: digest("\(app.name) package", number), size: 1000,
                signature: ""),
            config: [:], environment: [:], processes: app.processes, sourceCommit: digest("source", number).short,
            configCommit: digest("commit", 1).short, createdAt: now, createdBy: "ana",
            identity: digest("\(app.name) release", number))
    }

    /// Not a hash, only different for different texts.
    package static func digest(_ text: String, _ number: Int) -> Digest {
        var random = SeededRandom(seed: text.utf8.reduce(UInt64(number)) { $0 &* 31 &+ UInt64($1) })
        return Digest(bytes: (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }

    private static var command: CommandTemplate {
        guard let command = try? CommandTemplate("python worker.py") else {
            preconditionFailure("a plain command is one")
        }
        return command
    }
}
