import ArgumentParser
import ControlPlane
import Core
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage
import Wire

/// How many changes a second are asked for.
private final class CrowdChurn: Sendable {
    let rate = Atomic(0)
}

/// Connects every host of the fabric, and does what is read from standard input, a line a thing:
/// `mute HOST`, `end HOST`, `churn N` (reports with a change per second). Ends with its input.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Be the agents of every host.",
        discussion: "Prints a JSON object a second: how many are connected, and what they have done so far.")

    @OptionGroup var options: CrowdFabric.Options
    @Option(help: "The agents' port of the server: ADDRESS:PORT.") var server: String
    @Option(help: "Seconds between two heartbeats of an agent.") var heartbeat = 5
    @Option(help: "Only so many of the hosts.") var hosts: Int?

    private struct Line: Encodable {
        var second: Double
        var connected: Int
        var welcomed: Int
        var attempts: Int
        var refused: Int
        var heartbeats: Int
        var answers: Int
        var commands: Int
    }

    func run() async throws {
        let fabric = try await CrowdFabric(options)
        let names = Array(fabric.configuration.hosts.keys.sorted().prefix(hosts ?? .max))
        let authority = try FabricAuthority.open(
            folder: FilePath(options.state).appending("authority").string, fabric: fabric.configuration.fabric,
            at: CrowdFabric.now())
        let identities = try await CrowdIdentity.all(of: names, authority, at: CrowdFabric.now())
        let counts = CrowdCounts()
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let address = try ServerAddress(server)
        let now = CrowdFabric.now()
        let crowd = try Dictionary(
            uniqueKeysWithValues: names.enumerated().map { index, name in
                (
                    name,
                    CrowdHost(
                        fabric.report(of: name, at: now), identity: identities[name]!, server: address,
                        source: try SocketAddress(ipAddress: "127.0.0.\(2 + index % 16)", port: 0),
                        heartbeat: .seconds(Int64(heartbeat)), counts: counts, on: loops.next())
                )
            })
        let churn = CrowdChurn()
        let start = ContinuousClock.now
        for host in crowd.values { host.start() }
        let teller = Task {
            while !Task.isCancelled {
                tell(counts, since: start)
                try await Task.sleep(for: .seconds(1))
            }
        }
        let changer = Task {
            while !Task.isCancelled {
                let rate = churn.rate.load(ordering: .relaxed)
                if rate > 0 { crowd[names.randomElement()!]?.change() }
                try await Task.sleep(for: rate > 0 ? .microseconds(1_000_000 / rate) : .milliseconds(100))
            }
        }
        // Reading blocks: a thread of its own.
        try await NIOThreadPool.singleton.runIfActive {
            while let line = readLine() { Self.obey(line, crowd, churn) }
        }
        teller.cancel()
        changer.cancel()
    }

    private static func obey(_ line: String, _ crowd: [HostName: CrowdHost], _ churn: CrowdChurn) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 2 else { return }
        switch words[0] {
        case "mute": crowd[HostName(checked: words[1])]?.mute()
        case "end": crowd[HostName(checked: words[1])]?.end()
        case "churn": churn.rate.store(Int(words[1]) ?? 0, ordering: .relaxed)
        default: break
        }
    }

    private func tell(_ counts: CrowdCounts, since start: ContinuousClock.Instant) {
        let elapsed = start.duration(to: .now)
        let line = Line(
            second: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18,
            connected: counts.connected.load(ordering: .relaxed),
            welcomed: counts.welcomed.load(ordering: .relaxed), attempts: counts.attempts.load(ordering: .relaxed),
            refused: counts.refused.load(ordering: .relaxed),
            heartbeats: counts.heartbeats.load(ordering: .relaxed),
            answers: counts.answers.load(ordering: .relaxed), commands: counts.commands.load(ordering: .relaxed))
        if let data = try? JSONEncoder().encode(line) {
            _ = try? SystemPackage.FileDescriptor.standardOutput.writeAll(data + Data("\n".utf8))
        }
    }
}
