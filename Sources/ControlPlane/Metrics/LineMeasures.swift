import Logs
import Synchronization
import Telemetry

/// What lines of logs say in figures, on its way into statsd: gathered, so that a thousand batches a second are one
/// record on the disk.
final class LineMeasures: Sendable {
    /// As a sender of snapshots; no host is called that.
    static let sender = "logs:"
    /// Bytes of lines that wait; what is beyond is left out.
    private static let bytesMax = 4 << 20

    private struct State {
        var lines: [UInt8] = []
        var number: UInt64
        var lost = 0
    }

    private let state: Mutex<State>

    /// - Parameter number: of the first snapshot; higher than those of a start before.
    init(after number: UInt64) { state = Mutex(State(number: number)) }

    func add(_ measures: [LogMeasure]) {
        state.withLock { state in
            for measure in measures {
                guard state.lines.count < Self.bytesMax else {
                    state.lost += 1
                    continue
                }
                Self.append(measure, to: &state.lines)
            }
        }
    }

    /// What has come since the last time; nil if nothing has.
    func take() -> StatsdSnapshot? {
        let (lines, number) = state.withLock { state in
            state.number += 1
            defer { state.lines = [] }
            return (state.lines, state.number)
        }
        guard !lines.isEmpty else { return nil }
        let tally = StatsdTally(seed: .random(in: 0 ... .max))
        lines.withUnsafeBytes { tally.receive($0) }
        return StatsdSnapshot(tally, agent: Self.sender, interval: number)
    }

    /// As lines of statsd, with DogStatsD's tags.
    private static func append(_ measure: LogMeasure, to lines: inout [UInt8]) {
        var tags = ""
        for tag in measure.tags where !tag.value.isEmpty {
            tags += (tags.isEmpty ? "|#" : ",") + "\(plain(tag.name)):\(plain(tag.value))"
        }
        switch measure.value {
        case .count(let count): lines += Array("\(measure.name):\(count)|c\(tags)\n".utf8)
        case .timings(let values):
            for value in values { lines += Array("\(measure.name):\(value)|ms\(tags)\n".utf8) }
        }
    }

    /// Without what ends a tag or a line.
    private static func plain(_ text: String) -> String {
        String(text.map { $0 == "," || $0 == "|" || $0 == ":" || $0 == "#" || $0.isNewline ? "_" : $0 })
    }
}
