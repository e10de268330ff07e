/// What the figures of a chart are: how ticks fall and how values read.
package enum ChartUnit: String, CaseIterable, Hashable, Sendable {
    case none, bytes, bits, seconds, milliseconds, percent
    /// 0…1, shown as percent.
    case ratio
    case perSecond = "per-second"
    case bytesPerSecond = "bytes-per-second"
    case bitsPerSecond = "bits-per-second"

    /// As people write it: `bytes/s`, `/s`. Nil if it is none.
    package init?(written text: String) {
        guard let unit = Self.allCases.first(where: { $0.written == text }) else { return nil }
        self = unit
    }

    /// As people write it.
    package var written: String {
        switch self {
        case .perSecond: "/s"
        case .bytesPerSecond: "bytes/s"
        case .bitsPerSecond: "bits/s"
        default: rawValue
        }
    }

    /// How units follow each other: what one of a value's unit is, and the sign of it.
    struct Scale: Hashable {
        var factor: Double
        var suffix: String
    }

    private static let decimal = [
        Scale(factor: 1e-12, suffix: "p"), Scale(factor: 1e-9, suffix: "n"), Scale(factor: 1e-6, suffix: "µ"),
        Scale(factor: 1e-3, suffix: "m"), Scale(factor: 1, suffix: ""), Scale(factor: 1e3, suffix: "k"),
        Scale(factor: 1e6, suffix: "M"), Scale(factor: 1e9, suffix: "G"), Scale(factor: 1e12, suffix: "T"),
        Scale(factor: 1e15, suffix: "P"), Scale(factor: 1e18, suffix: "E"),
    ]
    private static let binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].enumerated().map {
        Scale(factor: Double(UInt64(1) << (10 * UInt64($0.offset))), suffix: $0.element)
    }
    private static let durations = [
        Scale(factor: 1e-9, suffix: "ns"), Scale(factor: 1e-6, suffix: "µs"), Scale(factor: 1e-3, suffix: "ms"),
        Scale(factor: 1, suffix: "s"), Scale(factor: 60, suffix: "min"), Scale(factor: 3600, suffix: "h"),
        Scale(factor: 86400, suffix: "d"),
    ]

    /// What a chart's figure is multiplied with, to be one of the unit's own base: seconds for milliseconds.
    var base: Double { self == .milliseconds ? 1e-3 : self == .ratio ? 100 : 1 }

    var isDuration: Bool { self == .seconds || self == .milliseconds }
    var isBinary: Bool { self == .bytes || self == .bytesPerSecond }

    /// The scale that a figure (in the unit's base) of this magnitude reads best in.
    func scale(for magnitude: Double) -> Scale {
        switch self {
        case .percent, .ratio: return Scale(factor: 1, suffix: "%")
        case .bytes, .bytesPerSecond:
            let found = Self.binary.last { magnitude >= $0.factor } ?? Self.binary[0]
            return self == .bytes ? found : Scale(factor: found.factor, suffix: found.suffix + "/s")
        case .seconds, .milliseconds:
            guard magnitude > 0 else { return Scale(factor: 1, suffix: "s") }
            // A minute reads better as 60 s, and so on: the next unit begins at two of it.
            return Self.durations.last { magnitude >= $0.factor * ($0.factor > 1 ? 2 : 1) } ?? Self.durations[0]
        case .none, .perSecond, .bits, .bitsPerSecond:
            guard magnitude > 0 else { return Scale(factor: 1, suffix: named("")) }
            // Thousandths read better as fractions: `m/s` is a speed.
            if (1e-3..<1).contains(magnitude) { return Scale(factor: 1, suffix: named("")) }
            let found = Self.decimal.last { magnitude >= $0.factor } ?? Self.decimal[0]
            return Scale(factor: found.factor, suffix: named(found.suffix))
        }
    }

    private func named(_ prefix: String) -> String {
        switch self {
        case .perSecond: prefix + "/s"
        case .bits: prefix + "bit"
        case .bitsPerSecond: prefix + "bit/s"
        default: prefix
        }
    }

    /// One figure as people read it, to three digits: `1.23 M/s`, `512 MiB`, `3.2 ms`, `–` for none.
    package func text(_ value: Double) -> String {
        guard value.isFinite else { return DecimalText.fixed(value, decimals: 0) }
        // What no scale can express is nothing.
        let figure = value.magnitude < 1e-290 ? 0 : DecimalText.rounded(value * base, significant: 3)
        let scale = scale(for: figure.magnitude)
        return Self.join(DecimalText.shortest(figure / scale.factor), scale.suffix)
    }

    static func join(_ number: String, _ suffix: String) -> String {
        suffix.isEmpty ? number : suffix == "%" || suffix == "/s" ? number + suffix : number + "\u{A0}" + suffix
    }
}

extension DecimalText {
    /// Three significant digits, or a power of ten where a plain number would be too long to read.
    package static func shortest(_ value: Double) -> String {
        guard value != 0 else { return "0" }
        let exponent = exponent(of: value)
        guard (-4...6).contains(exponent) else {
            return trimmed(value / power(exponent), decimals: 2) + "e\(exponent)"
        }
        return trimmed(value, decimals: max(0, 2 - exponent))
    }
}
