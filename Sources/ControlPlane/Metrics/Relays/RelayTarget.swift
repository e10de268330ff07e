import Core
import FoundationEssentials
import NIOHTTP1
import Synchronization
import Telemetry

/// A system that takes points.
protocol RelayTarget: Sendable {
    func send(_ shipment: Relay.Shipment) async -> Relay.Outcome
}

/// How a target is reached and who asks it.
struct RelayAccess: Sendable {
    static let timeout: Int64 = 30_000

    let name: RelayName
    /// Where the target is.
    let address: String
    let user: String?
    let secret: SecretName?
    /// How a secret without a user is sent.
    var scheme = "Bearer"
    let secrets: WebhookSecrets
    let outgoing: OutgoingHTTP

    /// The secret is read anew each time: another one needs no restart.
    func headers() throws(TelemetryProblem) -> [(name: String, value: String)] {
        guard let name = secret else { return [] }
        let text: String
        do throws(Problem) { text = try secrets.text(name) } catch { throw TelemetryProblem(error) }
        guard let user else { return [("authorization", "\(scheme) \(text)")] }
        let pair = Data("\(user):\(text)".utf8).base64EncodedString()
        return [("authorization", "Basic \(pair)")]
    }

    func post(
        _ url: String, _ more: [(name: String, value: String)], _ body: [UInt8], within milliseconds: Int64 = timeout
    ) async throws(TelemetryProblem) -> OutgoingHTTP.Answer {
        try await outgoing.execute(
            .init(url: url, headers: try headers() + more, body: body), within: milliseconds)
    }

    func refusal(_ answer: OutgoingHTTP.Answer) -> TelemetryProblem {
        TelemetryProblem(
            "relay.refused", "The relay \(name) could not send.",
            cause: "\(address) answered with the status \(answer.status): \(answer.text).",
            remedy: "Look at the target; what waits is kept until the buffer is full.")
    }
}

/// Prometheus' remote_write 1.0.
struct RemoteWriteTarget: RelayTarget {
    /// Answers of a target that is busy, or of a fault in how it is asked: other points would fare no better.
    private static let passing: Set<Int> = [401, 403, 404, 405, 407, 408, 425, 429]

    let access: RelayAccess

    func send(_ shipment: Relay.Shipment) async -> Relay.Outcome {
        let headers = [
            ("content-type", "application/x-protobuf"), ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", "0.1.0"),
        ].map { (name: $0.0, value: $0.1) }
        do throws(TelemetryProblem) {
            let answer = try await access.post(access.address, headers, RemoteWriteBody.encode(shipment))
            if 200..<300 ~= answer.status { return .delivered }
            let isLasting = 400..<500 ~= answer.status && !Self.passing.contains(answer.status)
            return isLasting ? .refused(access.refusal(answer)) : .failed(access.refusal(answer))
        } catch {
            return .failed(error)
        }
    }
}

/// ClickHouse by HTTP. Its table is made where it is missing.
final class ClickHouseTarget: RelayTarget {
    private let access: RelayAccess
    private let table: ClickHouseTable
    private let isMade = Mutex(false)

    init(_ access: RelayAccess, _ table: ClickHouseTable) {
        self.access = access
        self.table = table
    }

    func send(_ shipment: Relay.Shipment) async -> Relay.Outcome {
        do throws(TelemetryProblem) {
            if !isMade.withLock({ $0 }) {
                for statement in table.statements { _ = try await query(statement) }
                isMade.withLock { $0 = true }
            }
            let rows = ClickHouseTable.rows(shipment)
            if !rows.isEmpty { _ = try await query(table.insert, rows) }
            return .delivered
        } catch {
            // Somebody may have removed the table meanwhile.
            isMade.withLock { $0 = false }
            return .failed(error)
        }
    }

    /// - Throws: `http.unreachable`, `relay.refused`.
    func query(
        _ query: String, _ data: [UInt8] = [], within milliseconds: Int64 = RelayAccess.timeout
    ) async throws(TelemetryProblem) -> [UInt8] {
        try await access.clickHouse(query, data, within: milliseconds)
    }
}

extension RelayAccess {
    /// A query with more bytes needs ClickHouse's leave.
    private static let queryBytesMax = 250_000

    /// Asks ClickHouse.
    /// - Parameters:
    ///   - data: rows for the query; none: the query is the body.
    ///   - id: what ClickHouse is to know the query as.
    /// - Throws: `http.unreachable`, `relay.refused`.
    func clickHouse(
        _ query: String, _ data: [UInt8] = [], id: String? = nil, within milliseconds: Int64 = timeout
    ) async throws(TelemetryProblem) -> [UInt8] {
        var fields: [(name: String, value: String)] = []
        if let id { fields.append(("query_id", id)) }
        if query.utf8.count > Self.queryBytesMax { fields.append(("max_query_size", "4194304")) }
        if !data.isEmpty { fields.append(("query", query)) }
        var url = address
        if !fields.isEmpty {
            url += address.contains("?") ? "&" : address.dropFirst(8).contains("/") ? "?" : "/?"
            url += OutgoingHTTP.Call.form(fields)
        }
        let answer = try await post(url, [], data.isEmpty ? Array(query.utf8) : data, within: milliseconds)
        guard answer.status == 200 else { throw refusal(answer) }
        return answer.body
    }
}

extension TelemetryProblem {
    init(_ problem: Problem) {
        self.init(problem.code, problem.sentence, cause: problem.cause, remedy: problem.remedy)
    }
}
