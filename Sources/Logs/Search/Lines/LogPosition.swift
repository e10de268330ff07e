package import Telemetry

/// A place in the order of all lines: by time, then by stream, then by arrival.
///
/// It stays valid while lines come in, because those that come later to a stream at the same nanosecond are behind
/// it. It is also a line's name in links, and where the next page goes on.
package struct LogPosition: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970.
    package var time: Int64
    /// A hash of the stream's labels.
    package var stream: UInt64
    /// The place among the stream's lines of this time.
    package var ordinal: UInt64

    package init(time: Int64, stream: UInt64 = 0, ordinal: UInt64 = 0) {
        self.time = time
        self.stream = stream
        self.ordinal = ordinal
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        (left.time, left.stream, left.ordinal) < (right.time, right.stream, right.ordinal)
    }
}

extension LogPosition: CustomStringConvertible {
    /// `1700000000000000000-89abcdef01234567-0`
    package var description: String {
        "\(time)-\(String(stream, radix: 16))-\(String(ordinal, radix: 16))"
    }

    /// - Throws: `logs.position-invalid`.
    package init(_ text: String) throws(TelemetryProblem) {
        // A time before 1970 begins with a dash.
        let isNegative = text.first == "-"
        let parts = (isNegative ? text.dropFirst() : text[...]).split(
            separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, parts.count == 3, let time = Int64((isNegative ? "-" : "") + parts[0]),
            let stream = UInt64(parts[1], radix: 16), let ordinal = UInt64(parts[2], radix: 16)
        else {
            throw TelemetryProblem(
                "logs.position-invalid", "The place of a line was not understood.",
                cause: "`\(LogText.shown(String(text.prefix(64))))` is none.",
                remedy: "Use `position` or `next` of an answer as it is.")
        }
        self.init(time: time, stream: stream, ordinal: ordinal)
    }
}

extension LogStream {
    /// Stable over processes and versions: FNV-1a with 64 bits over the labels.
    package var key: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        for label in labels {
            add(label.name)
            add(label.value)
        }
        return hash
    }
}
