import Core
import Crypto
import FoundationEssentials
import Logging
import NIOCore
import Synchronization
import Wire

@testable import Agent
@testable import ControlPlane

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func systemTime() -> Instant { Instant(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)) }

/// A folder that is gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = "/tmp/apus-link-\(UInt64.random(in: 0 ... .max))"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

struct Overdue: Error {}

/// Runs the body, which must end before the time is up.
func within<Result: Sendable>(
    _ time: Duration = .seconds(20), _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: time)
            throw Overdue()
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw Overdue() }
        return result
    }
}

/// Values in the order in which they came, for tests that wait for one.
final class Recorder<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value] = []
        var waiters: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    var values: [Value] { state.withLock { $0.values } }

    func add(_ value: Value) {
        state.withLock { state in
            state.values.append(value)
            for waiter in state.waiters { waiter.yield() }
        }
    }

    func wait(_ time: Duration = .seconds(20), until condition: @escaping @Sendable ([Value]) -> Bool) async throws {
        let (news, waiter) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        waiter.yield()
        state.withLock { $0.waiters.append(waiter) }
        try await within(time) {
            for await _ in news where condition(self.values) { return }
            throw CancellationError()
        }
    }
}

/// Join tokens in memory.
actor TokenBook {
    private var records: [Core.Digest: JoinTokenRecord] = [:]

    func mint(_ authority: FabricAuthority, for host: HostName, expiresAt: Instant) -> JoinToken {
        let token = JoinToken.mint(authorityFingerprint: authority.fingerprint)
        records[token.hash] = JoinTokenRecord(
            hash: token.hash, fabric: authority.fabric, host: host, expiresAt: expiresAt)
        return token
    }

    func redeem(_ text: String, _ host: HostName, _ fabric: FabricName) throws(Problem) {
        let hash = JoinToken.hash(text)
        try JoinTokenRecord.check(records[hash], fabric: fabric, host: host, at: systemTime())
        records[hash] = nil
    }
}

/// A parcel of measurements, as the gateway hands it on.
struct Measured: Hashable, Sendable {
    var host: HostName
    var bytes: [UInt8]
}

/// A fabric's end of the connections: authority, tokens, a gateway that can be started again.
final class Fabric: Sendable {
    let folder = TemporaryFolder()
    let authority: FabricAuthority
    let tokens = TokenBook()
    let seen = Recorder<AgentObservation>()
    let heard = Recorder<HostName>()
    let measured = Recorder<Measured>()
    /// How often what was measured cannot be kept.
    let refusals = Mutex(0)
    let logged = Recorder<LogParcel>()
    /// What hosts are told to collect.
    let logCollection = Mutex<LogCollection?>(nil)
    let revoked = Mutex<Set<HostName>>([])
    let package = Mutex<[UInt8]>([])
    /// Called before each chunk of a package is answered.
    let onChunk = Mutex<@Sendable (Int64) -> Void>({ _ in })

    init(_ name: String = "prod") throws {
        authority = try FabricAuthority.open(folder: folder.path, fabric: try FabricName(name), at: systemTime())
    }

    func gateway(port: Int = 0, silenceMax: Interval = .seconds(10)) -> AgentGateway {
        AgentGateway(
            configuration: .init(listenPort: port, names: ["127.0.0.1"], silenceMax: silenceMax, serverVersion: "test"),
            authority: authority,
            dependencies: .init(
                redeem: { [tokens, authority] token, host throws(Problem) in
                    try await tokens.redeem(token, host, authority.fabric)
                },
                isAllowed: { host, _ in self.revoked.withLock { !$0.contains(host) } },
                issued: { _, _, _ in },
                readPackage: { _, offset, length throws(Problem) in
                    self.onChunk.withLock { $0 }(offset)
                    return self.package.withLock { bytes in
                        ByteBuffer(bytes: bytes[min(Int(offset), bytes.count)..<min(Int(offset) + length, bytes.count)])
                    }
                },
                observe: { [seen] in seen.add($0) }, heard: { [heard] in heard.add($0) },
                measured: { [measured] host, bytes throws(Problem) in
                    let isRefused = self.refusals.withLock { count in
                        defer { count = max(0, count - 1) }
                        return count > 0
                    }
                    if isRefused { return false }
                    measured.add(Measured(host: host, bytes: Array(bytes.readableBytesView)))
                    return true
                }, logged: { [logged] _, parcel throws(Problem) in logged.add(parcel) },
                logCollection: { _ in self.logCollection.withLock { $0 } }),
            now: systemTime, logger: quiet)
    }

    /// An identity that this fabric's authority gave, without the way through a join.
    func identity(_ host: HostName, at issued: Instant = systemTime()) throws -> AgentIdentity {
        let key = P256.Signing.PrivateKey()
        let request = try JoinAnswer.request(host: host, token: "", key: key)
        let certificate = try authority.issue(requestPEM: request.certificateRequest, host: host, at: issued)
        return AgentIdentity(
            host: host, key: key,
            response: JoinResponse(
                fabric: authority.fabric, certificate: certificate.pem, authority: authority.certificatePEM,
                packageKey: authority.packageKeyBase64))
    }
}

extension Recorder where Value == AgentObservation {
    func waitForConnection(of host: HostName, times: Int = 1) async throws {
        try await wait { observations in
            observations.count { if case .connected(host, _) = $0 { true } else { false } } >= times
        }
    }

    func waitForDisconnection(of host: HostName) async throws {
        try await wait { $0.contains { if case .disconnected(host) = $0 { true } else { false } } }
    }

    var outcomes: [CommandOutcome] {
        values.compactMap { if case .outcome(_, let outcome) = $0 { outcome } else { nil } }
    }
}

/// Runs a gateway while the body runs.
func serving<Result: Sendable>(
    _ gateway: AgentGateway, _ body: @escaping @Sendable (ServerAddress) async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await gateway.run() }
        defer { group.cancelAll() }
        guard let address = await gateway.address() else { throw Overdue() }
        let result = try await body(address)
        group.cancelAll()
        return result
    }
}

/// An agent of its own folder, whose commands are written down.
final class TestAgent: Sendable {
    let host: HostName
    let folder = TemporaryFolder()
    let carriedOut = Recorder<CommandID>()
    let packages = PackageFetcher()
    let reports: ReportSource
    let changed: AsyncStream<Void>.Continuation
    let connection: AgentConnection
    let events: EventBuffer
    let metrics = MetricsOutbox()

    typealias CarryOut = @Sendable (AgentCommand, @escaping @Sendable (String) -> Void) async -> Problem?

    init(
        _ host: HostName, identity: AgentIdentity, server: ServerAddress, silenceMax: Interval = .seconds(10),
        heartbeat: Interval = Interval(milliseconds: 100),
        carryOut: @escaping CarryOut = { _, _ in nil }
    ) throws {
        self.host = host
        events = try EventBuffer(folder: folder.path, logger: quiet)
        let (changes, changed) = AsyncStream<Void>.makeStream()
        self.changed = changed
        let reports = ReportSource(host: host)
        self.reports = reports
        connection = try AgentConnection(
            configuration: .init(
                server: server, folder: folder.path, heartbeat: heartbeat, silenceMax: silenceMax, run: 1),
            identity: identity,
            dependencies: .init(
                reports: { reports.next() }, changes: changes,
                carryOut: { [carriedOut] command, output in
                    carriedOut.add(command.id)
                    return await carryOut(command, output)
                },
                tail: { _, lines, follow in
                    AsyncThrowingStream { stream in
                        stream.yield((1...max(lines, 1)).map { "line \($0)" })
                        if !follow { stream.finish() }
                    }
                }),
            events: events, packages: packages, metrics: metrics, now: systemTime, lot: { 0 }, logger: quiet)
    }

    func running<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [connection] in try? await connection.run() }
            defer { group.cancelAll() }
            let result = try await body()
            group.cancelAll()
            return result
        }
    }
}

/// Reports that count themselves.
final class ReportSource: Sendable {
    private let report: Mutex<HostReport>

    init(host: HostName) {
        report = Mutex(
            HostReport(
                host: host, sequence: 0,
                facts: HostFacts(memory: .mebibytes(512), processors: 2, system: "test", agentVersion: "test")))
    }

    func change(_ body: (inout HostReport) -> Void) { report.withLock { body(&$0) } }

    func next() -> HostReport {
        report.withLock { report in
            report.sequence += 1
            return report
        }
    }
}
