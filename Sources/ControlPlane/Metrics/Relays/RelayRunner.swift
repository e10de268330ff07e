import Core
import Logging
import NIOPosix
import Synchronization
import Telemetry

/// Sends what waits in relays, of points or of lines, as long as it is told to, and makes it safe meanwhile.
final class RelayRunner: Sendable {
    /// A relay, and how what waits in it is sent.
    struct Track: Sendable {
        var name: RelayName
        var relay: Relay
        /// What sends what is to be sent now; nil if nothing is.
        var next: @Sendable (_ now: Int64) -> (@Sendable () async -> Relay.Outcome)?
    }

    private static let idle = Duration.milliseconds(100)
    private static let syncGap = Duration.seconds(1)
    private static let policyGap = Duration.milliseconds(500)

    /// What waits: `points`, `lines`.
    private let noun: String
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let tracks = Mutex<[Track]>([])

    init(_ noun: String, now: @escaping @Sendable () -> Instant, logger: Logger) {
        self.noun = noun
        self.now = now
        self.logger = logger
    }

    /// Nothing may be sending meanwhile.
    func set(_ tracks: [Track]) { self.tracks.withLock { $0 = tracks } }

    /// Configures and sends, over and over, until the task is cancelled.
    /// - Parameter configure: sets what git says, and returns what tells whether it says something else by now.
    func run(_ configure: @escaping @Sendable () -> @Sendable () -> Bool) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepSafe() }
            while !Task.isCancelled {
                let isOver = configure()
                await serve(until: isOver)
            }
            group.cancelAll()
        }
    }

    private func serve(until isOver: @escaping @Sendable () -> Bool) async {
        await withDiscardingTaskGroup { group in
            for track in tracks.withLock({ $0 }) { group.addTask { await self.send(track) } }
            while !Task.isCancelled, !isOver() { try? await Task.sleep(for: Self.policyGap) }
            group.cancelAll()
        }
    }

    private func send(_ track: Track) async {
        var isAway = false
        while !Task.isCancelled {
            guard let shipment = track.next(now().milliseconds) else {
                try? await Task.sleep(for: Self.idle)
                continue
            }
            let outcome = await shipment()
            if Task.isCancelled, case .failed = outcome { return track.relay.giveBack() }
            track.relay.arrived(outcome, at: now().milliseconds)
            switch outcome {
            case .delivered:
                if isAway { logger.notice("a relay sends again", metadata: ["relay": "\(track.name)"]) }
                isAway = false
            case .failed(let problem), .refused(let problem), .deliveredBut(_, let problem):
                if !isAway {
                    logger.warning(
                        "a relay does not send", metadata: ["relay": "\(track.name)", "problem": "\(problem)"])
                }
                isAway = true
            }
        }
    }

    /// What is said of a shipment of which nothing could be read.
    func unreadable(_ name: RelayName) -> Relay.Outcome {
        .refused(
            TelemetryProblem(
                "relay.buffer-damaged", "What waited for the relay \(name) was lost.",
                cause: "The \(noun) in its buffer could not be read.", remedy: "Look at the server's disk."))
    }

    // MARK: - What is known of them

    /// The targets that take nothing, for the doctor.
    var problems: [Problem] {
        tracks.withLock { $0 }.compactMap { track in
            track.relay.problem.map { problem in
                Problem(
                    "relay.away", "The relay \(track.name) sends nothing: its target is away.",
                    cause: "\(problem.cause) \(track.relay.counts.waiting) \(noun) wait.", remedy: problem.remedy)
            }
        }
    }

    var counts: [(name: RelayName, counts: RelayCounts)] {
        tracks.withLock { $0 }.map { ($0.name, $0.relay.counts) }
    }

    /// - Parameter prefix: `apus.server.relays`
    func figures(_ prefix: String, at time: Int64) -> [NamedPoint] {
        counts.flatMap { name, counts in
            let figures: [(String, Int)] = [
                ("sent", counts.sent), ("waiting", counts.waiting), ("waiting-bytes", counts.waitingBytes),
                ("dropped", counts.dropped), ("refused", counts.refused), ("failures", counts.failures),
            ]
            return figures.map { NamedPoint(name: "\(prefix).\(name).\($0.0)", time: time, value: Double($0.1)) }
        }
    }

    // MARK: - Disks

    /// Makes what waits outlast a loss of power.
    func sync() { for track in tracks.withLock({ $0 }) { sync(track.relay) } }

    func sync(_ relay: Relay) {
        do {
            try relay.sync()
        } catch {
            logger.error(
                "what waits for a relay was not made safe",
                metadata: ["relay": "\(relay.name)", "problem": "\(error)"])
        }
    }

    private func keepSafe() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.syncGap)
            let relays = tracks.withLock { $0.map(\.relay) }
            guard !relays.isEmpty else { continue }
            try? await NIOThreadPool.singleton.runIfActive { for relay in relays { self.sync(relay) } }
        }
    }
}
