internal import Synchronization
package import Telemetry

/// Sends lines to a server that takes Elasticsearch's `_bulk`, and looks what became of each.
///
/// Each is created under an id of its own, so that one that is sent again is not there twice: the answer 409 says that
/// it has arrived before.
package final class ElasticLogSender: Sendable {
    package struct Answer: Sendable {
        package var status: Int
        package var body: [UInt8]

        package init(status: Int, body: [UInt8]) {
            self.status = status
            self.body = body
        }
    }

    /// Sends a body that is packed with gzip.
    package typealias Post = @Sendable (_ body: [UInt8]) async throws(TelemetryProblem) -> Answer

    /// Bytes of a body before it is packed; Elasticsearch takes 100 MB.
    private static let bodyBytesMax = 8 << 20

    private let pattern: ElasticIndexPattern
    private let prefix: String
    private let post: Post
    /// Of the lines that are on their way: those that have arrived, and how many never will.
    private let progress = Mutex(Progress())

    private struct Progress {
        var over: Set<UInt64> = []
        var refused: Set<UInt64> = []
        var problem: TelemetryProblem?
    }

    /// - Parameter name: the relay's and the server's: what the documents' ids begin with.
    package init(_ pattern: ElasticIndexPattern, name: String, post: @escaping Post) {
        self.pattern = pattern
        prefix = name
        self.post = post
    }

    package func send(_ shipment: LogShipment) async -> Relay.Outcome {
        var body: [UInt8] = []
        var sequences: [UInt64] = []
        for part in shipment.parts {
            for index in part.batch.lines.indices {
                let sequence = part.first + UInt64(index)
                if progress.withLock({ $0.over.contains(sequence) }) { continue }
                append(part.batch, index, sequence, to: &body)
                sequences.append(sequence)
                guard body.count >= Self.bodyBytesMax else { continue }
                if let problem = await send(body, sequences) { return .failed(problem) }
                body = []
                sequences = []
            }
        }
        if !sequences.isEmpty, let problem = await send(body, sequences) { return .failed(problem) }
        let end = progress.withLock { progress in
            defer { progress = Progress() }
            return progress
        }
        guard let problem = end.problem, !end.refused.isEmpty else { return .delivered }
        return .deliveredBut(refused: end.refused.count, problem)
    }

    /// Returns why something is to be sent again; nil if nothing is.
    private func send(_ body: [UInt8], _ sequences: [UInt64]) async -> TelemetryProblem? {
        let answer: Answer
        guard let packed = Gzip.packed(body) else { return Self.refusal("There is no memory to pack it.") }
        do throws(TelemetryProblem) { answer = try await post(packed) } catch { return error }
        guard 200..<300 ~= answer.status else {
            // One line that is too large for the server does not hold the others up for ever.
            if answer.status == 413 {
                if sequences.count == 1 {
                    refuse(sequences[0], "status \(answer.status)", String(decoding: answer.body, as: UTF8.self))
                    return nil
                }
                return await halves(body, sequences)
            }
            return Self.refusal("It answered with the status \(answer.status): \(Self.shown(answer.body)).")
        }
        guard let items = try? JSONReader.read(answer.body)["items"]?.elements, items.count == sequences.count else {
            return Self.refusal("Its answer was not understood: \(Self.shown(answer.body)).")
        }
        var again: String?
        for (item, sequence) in zip(items, sequences) {
            let result = item["create"] ?? .null
            let status = result["status"]?.integer ?? 500
            switch status {
            case 200..<300, 409: progress.withLock { _ = $0.over.insert(sequence) }
            case 429, 500...: again = "\(status): \(Self.reason(result))"
            default: refuse(sequence, "status \(status)", Self.reason(result))
            }
        }
        return again.map { Self.refusal("It did not take all lines: status \(LogText.shown($0)).") }
    }

    /// A line's action and document are two lines of the body.
    private func halves(_ body: [UInt8], _ sequences: [UInt64]) async -> TelemetryProblem? {
        var newlines = 0
        let middle = sequences.count / 2
        guard
            let cut = body.firstIndex(where: { byte in
                if byte == UInt8(ascii: "\n") { newlines += 1 }
                return newlines == middle * 2
            })
        else { return nil }
        if let problem = await send(Array(body[...cut]), Array(sequences[..<middle])) { return problem }
        return await send(Array(body[(cut + 1)...]), Array(sequences[middle...]))
    }

    private func refuse(_ sequence: UInt64, _ status: String, _ reason: String) {
        progress.withLock { progress in
            progress.over.insert(sequence)
            progress.refused.insert(sequence)
            progress.problem = Self.refusal(
                "It refuses lines, which are counted: \(status), \(LogText.shown(String(reason.prefix(200)))).")
        }
    }

    private static func reason(_ result: JSONValue) -> String {
        "\(result["error"]?["type"]?.text ?? "error"), \(String((result["error"]?["reason"]?.text ?? "").prefix(200)))"
    }

    private static func shown(_ body: [UInt8]) -> String { LogText.shown(Array(body.prefix(200))) }

    private static func refusal(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "relay.refused", "Lines were not taken.", cause: cause,
            remedy: "Look at the target; what waits is kept until the buffer is full.")
    }

    // MARK: - Documents

    private func append(_ batch: LogBatch, _ index: Int, _ sequence: UInt64, to body: inout [UInt8]) {
        let line = batch.lines[index]
        let stream = batch.streams[Int(line.stream)]
        // A time in the id keeps apart what another relay of the name has numbered the same.
        let id = "\(prefix)-\(String(sequence, radix: 36))-\(String(line.time, radix: 36))"
        body += Array(
            #"{"create":{"_index":"\#(pattern.name(at: line.time))","_id":"\#(id)"}}"#.utf8)
        body += Array(("\n" + #"{"@timestamp":"\#(LogTime.text(line.time))","message":"#).utf8)
        body += Array(JSONText.quoted(batch.validText(line.message)).utf8)
        if let level = LogLevel(rawValue: line.level), level != .none {
            body += Array(#","log":{"level":"\#(level.word)"}"#.utf8)
        }
        Self.append("labels", stream.labels.map { ($0.name, $0.value) }, to: &body)
        let fields = batch.fieldPlaces(of: line).map { batch.fields[$0] }
        Self.append("fields", fields.map { (batch.names[Int($0.name)], batch.validText($0.value)) }, to: &body)
        body += Array("}\n".utf8)
    }

    private static func append(_ name: String, _ members: [(String, String)], to body: inout [UInt8]) {
        if members.isEmpty { return }
        body += Array(#","\#(name)":{"#.utf8)
        for (index, member) in members.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += Array((JSONText.quoted(member.0) + ":" + JSONText.quoted(member.1)).utf8)
        }
        body.append(UInt8(ascii: "}"))
    }
}
