package import Core

/// What server and agent say to each other, over one long-lived TLS connection.
///
/// A frame is a four-byte big-endian length of what follows it, one byte that says what that is,
/// and the payload: `J` and a JSON message; `B`, an eight-byte request number and raw bytes of a
/// package; `M`, an eight-byte number and what the host has measured; or `L`, an eight-byte number,
/// the eight-byte name of the host's buffer and a batch of log lines. Frames are at most
/// `AgentProtocol.frameBytesMax` long, and the first one of a peer at most `firstFrameBytesMax`; a
/// longer one ends the connection.
package enum AgentProtocol {
    /// Raised when an older peer would misunderstand.
    package static let version = 4
    /// Those that a server takes. To an agent of version 3 nothing is said of logs.
    package static let versions = 3...4
    /// The first that knows of logs.
    package static let logsVersion = 4
    package static let frameBytesMax = 4 << 20
    /// A stranger may send no more than this before the server knows who it is.
    package static let firstFrameBytesMax = 64 << 10
    package static let packageChunkBytesMax = 512 << 10
    /// What one frame of measurements may hold.
    package static let metricsBytesMax = 1 << 20
    /// Batches of log lines that are on their way at once.
    package static let logsInFlightMax = 8
    package static let heartbeat = Interval.seconds(3)
    /// Silence after which either side gives the connection up.
    package static let silenceMax = Interval.seconds(10)
}

/// From an agent.
package enum AgentMessage: Codable, Sendable {
    /// Before anything else, without a client certificate: asks for one. After `hello`, with
    /// an empty token: asks for the next one, before the present one expires.
    case join(JoinRequest)
    /// Before anything else, with a client certificate.
    case hello(AgentHello)
    /// The whole state of the host: after `hello`, and whenever something changed.
    case report(HostReport)
    /// Nothing changed, and the agent is there.
    case heartbeat(sequence: Int64)
    /// What the balancers of the host have counted since their starts: after `hello` of all their
    /// servers, then of those that have changed.
    case traffic([BalancerTraffic])
    /// A command has ended. Sent again after a reconnect until it is acknowledged.
    case commandEnded(CommandOutcome)
    /// A line of a running command's output.
    case commandOutput(command: CommandID, line: String)
    /// Something worth recording happened while or before the connection was there.
    case event(AgentEvent)
    /// Bytes of a package, please: answered by a `B` frame with the request's number.
    case packageBytes(request: UInt64, digest: Digest, offset: Int64, length: Int)
    /// The next lines of an output that `tail` asked for.
    case outputLines(request: UInt64, lines: [String], isEnd: Bool)
}

/// From the server.
package enum ServerMessage: Codable, Sendable {
    case joined(JoinResponse)
    case welcome(ServerWelcome)
    case refused(Problem)
    case command(AgentCommand)
    case commandAcknowledged(CommandID)
    case eventAcknowledged(sequence: Int64)
    /// What the `M` frame of that number holds is kept.
    case metricsAcknowledged(sequence: UInt64)
    /// How long the host's statsd gathers from now on.
    case metricsInterval(Interval)
    /// What `L` frames up to that number hold is kept.
    case logsAcknowledged(number: UInt64)
    /// What the host collects from now on; nil: nothing.
    case logsCollection(LogCollection?)
    /// Lines of an instance's output, the last `lines` first, and then as they come.
    case tail(request: UInt64, instance: InstanceID, lines: Int, follow: Bool)
    case tailCancelled(request: UInt64)
    /// A `packageBytes` request that cannot be answered.
    case packageRefused(request: UInt64, problem: Problem)
    /// The agent's heartbeat was heard: how an agent notices that its server is gone.
    case heartbeat(sequence: Int64)
}

package struct JoinRequest: Codable, Sendable {
    package var protocolVersion: Int
    package var host: HostName
    /// The one-time token.
    package var token: String
    /// PEM of a PKCS #10 request for the key that the agent made and keeps.
    package var certificateRequest: String

    package init(protocolVersion: Int, host: HostName, token: String, certificateRequest: String) {
        self.protocolVersion = protocolVersion
        self.host = host
        self.token = token
        self.certificateRequest = certificateRequest
    }
}

package struct JoinResponse: Codable, Sendable {
    package var fabric: FabricName
    /// PEM of the agent's certificate.
    package var certificate: String
    /// PEM of the fabric's authority.
    package var authority: String
    /// Ed25519 public key that packages are signed with, base64.
    package var packageKey: String

    package init(fabric: FabricName, certificate: String, authority: String, packageKey: String) {
        self.fabric = fabric
        self.certificate = certificate
        self.authority = authority
        self.packageKey = packageKey
    }
}

package struct AgentHello: Codable, Sendable {
    package var protocolVersion: Int
    package var host: HostName
    /// Different for each start of the agent.
    package var run: UInt64

    package init(protocolVersion: Int, host: HostName, run: UInt64) {
        self.protocolVersion = protocolVersion
        self.host = host
        self.run = run
    }
}

package struct ServerWelcome: Codable, Sendable {
    package var fabric: FabricName
    package var serverVersion: String
    /// How long the host's statsd gathers before it sends a snapshot.
    package var metricsInterval: Interval
    /// What the host collects of logs; nil: nothing.
    package var logs: LogCollection?

    package init(
        fabric: FabricName, serverVersion: String, metricsInterval: Interval, logs: LogCollection? = nil
    ) {
        self.fabric = fabric
        self.serverVersion = serverVersion
        self.metricsInterval = metricsInterval
        self.logs = logs
    }
}

/// Names a command for ever, so that a command that is sent twice is carried out once.
package struct CommandID: Codable, Hashable, Sendable, CustomStringConvertible {
    /// `EXECUTION/STEP/ATTEMPT`.
    package let text: String
    package init(_ text: String) { self.text = text }
    package var description: String { text }

    package init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// One thing for an agent to do.
package struct AgentCommand: Codable, Sendable {
    package enum Operation: Codable, Sendable {
        /// Moves an instance through one phase. Already there: succeeds at once.
        case phase(LifecyclePhase, InstanceSpec)
        /// Ends when the instance is ready, or fails with what its probe last said.
        case awaitReady(InstanceID)
        /// Makes the release the app's `current`, and what was current its `previous`.
        case link(app: AppName, releaseIdentity: Digest)
        /// Makes the balancer run this configuration. With `drained`, ends only when those
        /// servers have no request left, or when the command's time is up (which is no failure).
        case balance(BalancerConfiguration, drained: [InstanceID])
        /// Ends the balancer and removes its files.
        case unbalance(BalancerName)
        /// Gets a package before it is needed.
        case prefetch(PackageReference)
        /// Stops the command of that name, if it still runs.
        case cancel(CommandID)
    }

    package var id: CommandID
    /// The lease's number under which the command was given. An agent refuses a command with a
    /// lower number than it has seen.
    package var fence: Int64
    package var timeout: Interval
    package var operation: Operation

    package init(id: CommandID, fence: Int64, timeout: Interval, operation: Operation) {
        self.id = id
        self.fence = fence
        self.timeout = timeout
        self.operation = operation
    }
}

/// Running totals of a balancer's servers.
package struct BalancerTraffic: Codable, Hashable, Sendable {
    package var balancer: BalancerName
    package var servers: [ServerTraffic]
    /// Whether no more pieces of the same telling follow.
    package var isLast: Bool

    package init(balancer: BalancerName, servers: [ServerTraffic], isLast: Bool = true) {
        self.balancer = balancer
        self.servers = servers
        self.isLast = isLast
    }
}

package struct CommandOutcome: Codable, Sendable {
    package var command: CommandID
    /// nil: it succeeded.
    package var problem: Problem?

    package init(command: CommandID, problem: Problem?) {
        self.command = command
        self.problem = problem
    }
}

/// Something that happened on a host, kept by the agent until the server has it.
package struct AgentEvent: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable {
        case agentStarted
        case instanceEnded
        case instanceRestarted
        case instanceUnhealthy
        case instanceHealthy
        case crashLoop
        case balancerFailed
        case balancerRestarted
    }

    package var sequence: Int64
    package var at: Instant
    package var kind: Kind
    package var instance: InstanceID?
    package var text: String

    package init(sequence: Int64, at: Instant, kind: Kind, instance: InstanceID?, text: String) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.instance = instance
        self.text = text
    }
}
