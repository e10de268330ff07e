/// The two text forms in which Prometheus' world tells metrics.
///
/// Sources: prometheus/docs, docs/instrumenting/exposition_formats.md (0.0.4);
/// prometheus/OpenMetrics, specification/OpenMetrics.md (1.0).
package enum ExpositionDialect: String, CaseIterable, Hashable, Sendable {
    case prometheus
    case openMetrics

    /// By the header `Content-Type` of an answer.
    package init(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        self = type.contains("application/openmetrics-text") ? .openMetrics : .prometheus
    }
}

/// Reads a text of metrics line by line. What the grammar does not allow ends it.
struct ExpositionReader {
    /// A text that is longer is refused: no exporter of one host's needs it.
    static let bytesMax = 64 << 20
    static let labelsMax = 128

    enum Kind: String, CaseIterable {
        case counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown, untyped
    }

    struct Label: Hashable {
        var key: ArraySlice<UInt8>
        /// Without escapes.
        var value: ArraySlice<UInt8>
    }

    struct Exemplar: Hashable {
        /// How many characters its labels have, names and values.
        var characterCount: Int
    }

    struct Sample: Hashable {
        var name: ArraySlice<UInt8>
        var labels: [Label]
        var value: Double
        /// Seconds since 1970.
        var time: Double?
        var exemplar: Exemplar?
    }

    enum Event: Hashable {
        case type(name: ArraySlice<UInt8>, Kind)
        case help(name: ArraySlice<UInt8>)
        case unit(name: ArraySlice<UInt8>, unit: ArraySlice<UInt8>)
        case sample(Sample)
    }

    let dialect: ExpositionDialect
    let bytes: [UInt8]
    var index = 0
    /// Where the line ends that is read.
    var end = 0
    private(set) var line = 0

    init(_ bytes: [UInt8], dialect: ExpositionDialect) throws(TelemetryProblem) {
        guard bytes.count <= Self.bytesMax else {
            throw Self.problem("It has \(bytes.count) bytes, and \(Self.bytesMax) are read.")
        }
        self.bytes = bytes
        self.dialect = dialect
    }

    /// The next line that says something; nil at the end.
    mutating func next() throws(TelemetryProblem) -> Event? {
        while index < bytes.count {
            line += 1
            end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let isLast = end == bytes.count
            if dialect == .openMetrics, try readEnd() { return nil }
            let event = try readLine()
            if dialect == .openMetrics, isLast { throw failure("The last line is not `# EOF`.") }
            index = end + 1
            if let event { return event }
        }
        if dialect == .openMetrics { throw failure("It ends without `# EOF`.") }
        return nil
    }

    private mutating func readEnd() throws(TelemetryProblem) -> Bool {
        guard bytes[index..<end].elementsEqual("# EOF".utf8) else { return false }
        guard end + 1 >= bytes.count else { throw failure("Something comes after `# EOF`.") }
        index = bytes.count
        return true
    }

    private mutating func readLine() throws(TelemetryProblem) -> Event? {
        if dialect == .prometheus {
            if end > index, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            defer { end = bytes[end...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count }
            skipBlanks()
            if index == end { return nil }
            return bytes[index] == UInt8(ascii: "#") ? try readComment() : .sample(try readSample())
        }
        guard index < end else { throw failure("A line is empty.") }
        return bytes[index] == UInt8(ascii: "#") ? try readMetadata() : .sample(try readSample())
    }

    /// Of 0.0.4: a comment may say anything; only `TYPE` and `HELP` are read.
    private mutating func readComment() throws(TelemetryProblem) -> Event? {
        let words = bytes[(index + 1)..<end].split(maxSplits: 2, whereSeparator: Self.isBlank)
        guard words.count >= 2 else { return nil }
        if words[0].elementsEqual("HELP".utf8) { return .help(name: words[1]) }
        guard words[0].elementsEqual("TYPE".utf8), words.count == 3 else { return nil }
        let text = String(decoding: words[2].split(whereSeparator: Self.isBlank).first ?? [], as: UTF8.self)
        return .type(name: words[1], Kind(rawValue: text.lowercased()) ?? .untyped)
    }

    /// Of OpenMetrics: `# TYPE name kind`, `# HELP name text`, `# UNIT name unit`, one space between each.
    private mutating func readMetadata() throws(TelemetryProblem) -> Event {
        let words = bytes[index..<end].split(
            separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, words[0].elementsEqual("#".utf8), isName(words[2]) else {
            throw failure("The line is not `# TYPE`, `# HELP` or `# UNIT` with a name and a text.")
        }
        switch String(decoding: words[1], as: UTF8.self) {
        case "TYPE":
            let text = String(decoding: words[3], as: UTF8.self)
            guard let kind = Kind(rawValue: text), kind != .untyped else {
                throw failure("`\(text.prefix(64))` is no type.")
            }
            return .type(name: words[2], kind)
        case "HELP": return .help(name: words[2])
        case "UNIT":
            guard words[3].allSatisfy(Self.isNameByte) else { throw failure("The unit is not one word.") }
            return .unit(name: words[2], unit: words[3])
        default:
            throw failure("`# \(String(decoding: words[1].prefix(64), as: UTF8.self))` says nothing that is known.")
        }
    }

    func failure(_ cause: String) -> TelemetryProblem { Self.problem("In line \(line): \(cause)") }

    private static func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "exposition.invalid", "The text of metrics was not taken.", cause: cause,
            remedy: "Make the exporter write Prometheus' text format 0.0.4, or OpenMetrics 1.0.")
    }
}
