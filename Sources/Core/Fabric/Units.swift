/// A point in time: milliseconds since 1970-01-01 00:00 UTC. Core never reads a clock; instants
/// come in as arguments.
package struct Instant: Codable, Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }
    package static func + (left: Instant, right: Interval) -> Instant {
        Instant(milliseconds: left.milliseconds + right.milliseconds)
    }
    package static func - (left: Instant, right: Instant) -> Interval {
        Interval(milliseconds: left.milliseconds - right.milliseconds)
    }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// A length of time in milliseconds, written `500ms`, `30s`, `5m`, `2h` or `7d`.
package struct Interval: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package static func seconds(_ count: Int64) -> Interval { Interval(milliseconds: count * 1000) }
    package static func minutes(_ count: Int64) -> Interval { .seconds(count * 60) }

    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// - Throws: `interval.invalid` for anything but a whole number and a unit, up to 3,650 days.
    package init(_ text: String) throws(Problem) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count)
        guard let count = Int64(digits), let unit = Self.units.first(where: { $0.suffix == suffix }),
            count <= 315_360_000_000 / unit.milliseconds
        else {
            throw Problem(
                "interval.invalid", "This is not a length of time.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "Write a whole number and one of ms, s, m, h, d: 30s.")
        }
        milliseconds = count * unit.milliseconds
    }

    package var description: String {
        guard let unit = Self.units.last(where: { milliseconds != 0 && milliseconds % $0.milliseconds == 0 }) else {
            return "0s"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }

    package static func < (left: Interval, right: Interval) -> Bool { left.milliseconds < right.milliseconds }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// An amount of memory or disk in bytes, written `512`, `64KiB`, `256MiB`, `2GiB`.
package struct ByteCount: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var bytes: Int64

    package init(bytes: Int64) { self.bytes = bytes }
    package static func mebibytes(_ count: Int64) -> ByteCount { ByteCount(bytes: count << 20) }

    private static let units: [(suffix: String, bytes: Int64)] = [
        ("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// - Throws: `bytes.invalid` for anything but a whole number and a binary unit.
    package init(_ text: String) throws(Problem) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count)
        guard let count = Int64(digits), let unit = Self.units.first(where: { $0.suffix == suffix }),
            count <= (1 << 60) / unit.bytes
        else {
            throw Problem(
                "bytes.invalid", "This is not an amount of memory.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "Write a whole number and one of KiB, MiB, GiB, TiB: 256MiB.")
        }
        bytes = count * unit.bytes
    }

    package var description: String {
        guard bytes != 0, let unit = Self.units.last(where: { bytes % $0.bytes == 0 }) else { return "\(bytes)" }
        return unit.bytes == 1 ? "\(bytes)" : "\(bytes / unit.bytes) \(unit.suffix)"
    }

    /// For people, to a tenth of its unit: `412 B`, `3.4 MiB`.
    package var rough: String {
        guard let unit = Self.units.last(where: { $0.bytes > 1 && bytes >= $0.bytes }) else { return "\(bytes) B" }
        return "\(bytes / unit.bytes).\(bytes % unit.bytes * 10 / unit.bytes) \(unit.suffix)"
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(bytes: left.bytes + right.bytes)
    }
    package static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(bytes: left.bytes - right.bytes)
    }

    package init(from decoder: any Decoder) throws {
        bytes = try decoder.singleValueContainer().decode(Int64.self)
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}

/// A part of a whole, as a number of things (`2`) or as percent (`25%`).
package enum Share: Codable, Hashable, Sendable, CustomStringConvertible {
    case count(Int)
    case percent(Int)

    /// - Throws: `share.invalid` unless it is a number from 1, or a percentage from 1% to 100%.
    package init(_ text: String) throws(Problem) {
        if text.first == "+" {
            throw Self.invalid(text)
        } else if text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent) {
            self = .percent(percent)
        } else if let count = Int(text), count >= 1 {
            self = .count(count)
        } else {
            throw Self.invalid(text)
        }
    }

    private static func invalid(_ text: String) -> Problem {
        Problem(
            "share.invalid", "This is neither a number nor a percentage.",
            cause: "\(quotedForMessage(text)) was found.", remedy: "Write a number from 1 (2) or a percentage (25%).")
    }

    /// How many of `total` the share is: rounded up, so that 25% of 2 is 1 and never 0.
    package func of(_ total: Int) -> Int {
        switch self {
        case .count(let count): min(count, max(total, 1))
        case .percent(let percent): max(1, (total * percent + 99) / 100)
        }
    }

    package var description: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let percent): "\(percent)%"
        }
    }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Interval {
    package static func + (left: Interval, right: Interval) -> Interval {
        Interval(milliseconds: left.milliseconds + right.milliseconds)
    }
}
