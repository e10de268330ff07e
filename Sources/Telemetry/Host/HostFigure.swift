/// A figure of a host or a process at one time: `host.cpu.user`, 12.5. docs/metrics.md says what each is.
package struct HostFigure: Hashable, Sendable {
    package var name: String
    package var value: Double

    package init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }
}

/// Figures that only grow, each with what it was at the reading before. What is not read again is forgotten.
struct CounterTable {
    private var last: [String: UInt64] = [:]
    private var next: [String: UInt64] = [:]

    /// How much a counter has grown since the reading before. Nil at its first reading, and when it has become
    /// less: it began anew. A counter of 32 bits that was near its end has begun anew by itself.
    mutating func growth(_ key: String, _ value: UInt64, bits: Int = 64) -> Double? {
        next[key] = value
        guard let before = last[key] else { return nil }
        if value >= before { return Double(value - before) }
        let whole = UInt64(1) << 32
        guard bits == 32, before < whole, before > whole / 2 else { return nil }
        return Double(value + (whole - before))
    }

    mutating func endReading() {
        last = next
        next.removeAll(keepingCapacity: true)
    }
}

/// The text of a file of /proc, read word by word, without becoming strings.
struct ProcText {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next line that has a word; nil at the end.
    mutating func line() -> ProcLine? {
        while index < bytes.count {
            let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            defer { index = end + 1 }
            let line = ProcLine(bytes[index..<end])
            if !line.isEmpty { return line }
        }
        return nil
    }
}

/// Words of a line, one after another.
struct ProcLine {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
        skipBlanks()
    }

    var isEmpty: Bool { rest.isEmpty }

    private mutating func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }

    mutating func word() -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        let word = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        rest = rest[word.endIndex...]
        skipBlanks()
        return word
    }

    /// The part before `byte`, which is passed over; nil if it is not there.
    mutating func part(until byte: UInt8) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: byte) else { return nil }
        let part = rest[..<end]
        rest = rest[(end + 1)...]
        skipBlanks()
        return part
    }

    /// The next word as a number; nil if it is none.
    mutating func number() -> UInt64? { word().flatMap(Self.number) }

    /// All words that are left, as numbers, until one that is none.
    mutating func numbers() -> [UInt64] {
        var numbers: [UInt64] = []
        while let number = number() { numbers.append(number) }
        return numbers
    }

    mutating func skip(_ count: Int) {
        for _ in 0..<count { _ = word() }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard !bytes.isEmpty else { return nil }
        var number: UInt64 = 0
        for byte in bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return number
    }

    /// A word as a node of a series' path: letters, digits, `-` and `_`.
    static func node(_ bytes: some Collection<UInt8>) -> String {
        let kept = bytes.prefix(64).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        return kept.isEmpty ? "_" : String(decoding: kept, as: UTF8.self)
    }
}
