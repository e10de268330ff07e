package import SystemPackage
package import Telemetry

/// Lines on their way to another system: those that fulfil a filter wait in a relay's buffer until they have arrived.
///
/// The buffer, and what is sent when, are those of relays of points.
package final class LogRelay: Sendable {
    /// Bytes of a batch in the buffer, unless a line by itself has more.
    private static let batchBytesMax = 4 << 20
    /// What a shipment may take up in the buffer, where it is packed.
    private static let shipmentBytesMax = 4 << 20

    package let relay: Relay
    private let filter: LogFilter

    /// - Parameters:
    ///   - filter: which lines are relayed.
    ///   - now: milliseconds since 1970.
    /// - Returns: the relay, and what of its buffer could not be read, in words.
    package static func open(
        _ name: String, _ filter: LogFilter, in folder: FilePath, on files: any FileSystem = Disk(),
        limits: RelayFlow.Limits, now: Int64
    ) throws(TelemetryProblem) -> (relay: LogRelay, lost: [String]) {
        var limits = limits
        limits.shipmentBytesMax = min(limits.shipmentBytesMax, shipmentBytesMax)
        let (relay, lost) = try Relay.open(name, [], in: folder, on: files, limits: limits, now: now)
        return (LogRelay(relay, filter), lost)
    }

    private init(_ relay: Relay, _ filter: LogFilter) {
        self.relay = relay
        self.filter = filter
    }

    /// Keeps the lines of a batch that are to be relayed.
    package func take(_ batch: LogBatch, at now: Int64) {
        var part = batch
        part.lines = []
        var bytes = 0
        for (index, line) in batch.lines.enumerated() where filter.holds(batch, index) {
            let size = batch.bytes(of: line)
            if part.lines.count >= Relay.countMax || (bytes + size > Self.batchBytesMax && !part.lines.isEmpty) {
                relay.take(count: part.lines.count, body: part.encoded, at: now)
                part.lines = []
                bytes = 0
            }
            part.lines.append(line)
            bytes += size
        }
        if !part.lines.isEmpty { relay.take(count: part.lines.count, body: part.encoded, at: now) }
    }

    /// What is to be sent now, if something is. Nothing else is given out until `relay.arrived` is told of it.
    package func next(at now: Int64) -> LogShipment? {
        relay.nextParcel(at: now).map { parcel in
            LogShipment(
                parts: parcel.parts.compactMap { part in
                    (try? LogBatch(encoded: part.body)).map { LogShipment.Part(first: part.first, batch: $0) }
                })
        }
    }
}

/// Lines that are sent together.
package struct LogShipment: Sendable {
    package struct Part: Sendable {
        /// The sequence of the first line; that of each next is one more. It is the same when a line is sent again, and
        /// no other line of the relay has it.
        package var first: UInt64
        package var batch: LogBatch

        package init(first: UInt64, batch: LogBatch) {
            self.first = first
            self.batch = batch
        }
    }

    package var parts: [Part]

    package init(parts: [Part]) { self.parts = parts }

    package var isEmpty: Bool { parts.allSatisfy { $0.batch.lines.isEmpty } }

    /// The sequences of all lines; nil if there are none.
    package var sequences: ClosedRange<UInt64>? {
        guard let first = parts.first(where: { !$0.batch.lines.isEmpty }),
            let last = parts.last(where: { !$0.batch.lines.isEmpty })
        else { return nil }
        return first.first...last.first + UInt64(last.batch.lines.count - 1)
    }

    func forEach(_ body: (_ batch: LogBatch, _ index: Int, _ sequence: UInt64) -> Void) {
        for part in parts {
            for index in part.batch.lines.indices { body(part.batch, index, part.first + UInt64(index)) }
        }
    }
}

extension LogBatch {
    /// Bytes of a line's texts.
    func bytes(of line: Line) -> Int {
        fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)].reduce(Int(line.message.count) + 16) {
            $0 + Int($1.value.count) + 4
        }
    }

    /// The places of a line's fields of which none has the name of a later one: of two the last counts.
    func fieldPlaces(of line: Line) -> [Int] {
        let all = Int(line.firstField)..<Int(line.firstField + line.fieldCount)
        var seen: Set<UInt32> = []
        let kept = all.reversed().filter { seen.insert(fields[$0].name).inserted }
        return kept.reversed()
    }

    /// A text whose bytes that are no UTF-8 are U+FFFD.
    func validText(_ text: Text) -> String { withBytes(of: text) { String(decoding: $0, as: UTF8.self) } }
}
