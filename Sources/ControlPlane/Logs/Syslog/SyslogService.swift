import Core
import Logging
import Logs
import NIOPosix
import Synchronization
import Telemetry
package import Wire

/// Where the server listens for syslog.
package struct SyslogSetting: Sendable {
    /// With TLS.
    package struct Secure: Sendable {
        package var address: ServerAddress
        /// In PEM.
        package var certificateChain: String
        package var key: String
        /// The authority whose certificates clients must show; nil: anybody may send.
        package var clientAuthority: String?

        package init(address: ServerAddress, certificateChain: String, key: String, clientAuthority: String?) {
            self.address = address
            self.certificateChain = certificateChain
            self.key = key
            self.clientAuthority = clientAuthority
        }
    }

    /// By UDP and by TCP, at the same port.
    package var plain: ServerAddress?
    package var secure: Secure?

    package init(plain: ServerAddress? = nil, secure: Secure? = nil) {
        self.plain = plain
        self.secure = secure
    }
}

/// Listens for syslog, and keeps what comes.
///
/// Lines that came are gathered for a moment, and then kept together. While they cannot be kept, the batch in hand is
/// tried again, and some megabytes more are taken in; then senders wait.
final class SyslogService: Sendable {
    /// What listens needs no more.
    struct Output: Sendable {
        var rules: @Sendable () -> SyslogIntake.Rules
        var keep: @Sendable (LogBatch, [LogMeasure]) async throws(TelemetryProblem) -> Void
    }

    /// How long lines wait for others.
    private static let gathering = Duration.milliseconds(50)
    private static let retryGap = Duration.seconds(1)
    /// Tries at the server's end.
    private static let lastTries = 3

    private let intake: SyslogIntake
    private let output: Output
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let logger: Logger
    private let plain: SyslogListener?
    private let secure: SyslogTLSListener?

    /// Listens.
    init(
        _ setting: SyslogSetting, output: Output, now: @escaping @Sendable () -> Instant, logger: Logger
    ) async throws(Problem) {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let intake = SyslogIntake(output.rules(), clock: { now().milliseconds * 1_000_000 }) { wake.yield() }
        self.wakes = wakes
        self.wake = wake
        self.intake = intake
        self.output = output
        self.logger = logger
        plain = try setting.plain.map { place throws(Problem) in
            try told { () throws(TelemetryProblem) in
                try SyslogListener(address: place.host, port: UInt16(clamping: place.port), into: intake)
            }
        }
        if let setting = setting.secure {
            do throws(Problem) {
                secure = try await SyslogTLSListener(setting, into: intake)
            } catch {
                plain?.stop()
                throw error
            }
        } else {
            secure = nil
        }
        if let place = setting.plain, let plain {
            logger.info("syslog listens", metadata: ["address": "\(place.host)", "port": "\(plain.port)"])
        }
        if let place = setting.secure?.address, let secure {
            logger.info("syslog listens with TLS", metadata: ["address": "\(place.host)", "port": "\(secure.port)"])
        }
    }

    /// Where it listens, as the kernel says.
    var ports: (plain: UInt16?, secure: UInt16?) { (plain?.port, secure?.port) }

    var counts: SyslogCounts { intake.counts }

    /// Keeps what comes, until it is cancelled. Then it hangs up, and keeps what is left.
    func run() async {
        for await _ in wakes {
            while !Task.isCancelled, await keepNext() {}
        }
        // Not cut short by the cancellation that has ended the loop.
        await Task { await self.end() }.value
    }

    private func end() async {
        await secure?.stop()
        if let plain {
            // It waits for a thread, and so it must not hold one of Swift's.
            try? await NIOThreadPool.singleton.runIfActive { plain.stop() }
        }
        while let (batch, measures) = intake.takeBatch(output.rules()) {
            await keep(batch, measures, tries: Self.lastTries)
        }
    }

    /// - Returns: whether there may be more.
    private func keepNext() async -> Bool {
        if intake.batchBytes < SyslogIntake.batchBytes { try? await Task.sleep(for: Self.gathering) }
        guard let (batch, measures) = intake.takeBatch(output.rules()) else { return false }
        await keep(batch, measures, tries: .max)
        return true
    }

    private func keep(_ batch: LogBatch, _ measures: [LogMeasure], tries: Int) async {
        for number in 1...tries {
            do throws(TelemetryProblem) {
                return try await output.keep(batch, measures)
            } catch {
                if number == 1 { logger.error("lines of syslog wait", metadata: ["problem": "\(error)"]) }
                // No other try would make it smaller.
                if error.code == "logs.batch-too-large" { break }
            }
            if number < tries { try? await Task.sleep(for: Self.retryGap) }
            if Task.isCancelled, number >= Self.lastTries { break }
        }
        let lost = batch.lines.count
        intake.count { $0.linesLost += lost }
        logger.error("lines of syslog were lost", metadata: ["lines": "\(lost)"])
    }
}

extension SyslogCounts {
    /// For the server's figures.
    var figures: [(name: String, value: Double)] {
        [
            ("lines", lines), ("bytes", bytes), ("cut-lines", cutLines), ("lost-lines", linesLost),
            ("dropped-datagrams", datagramsDropped), ("connections", connections),
            ("refused-connections", connectionsRefused),
        ].map { ("logs.syslog.\($0.0)", Double($0.1)) }
    }
}
