extension ExpositionReader {
    /// `name{key="value",…} value time # {…} value time`
    mutating func readSample() throws(TelemetryProblem) -> Sample {
        let begin = index
        while index < end, Self.isNameByte(bytes[index]) { index += 1 }
        let name = bytes[begin..<index]
        guard isName(name) else { throw failure("It does not begin with the name of a metric.") }
        if dialect == .prometheus { skipBlanks() }
        var labels: [Label] = []
        if index < end, bytes[index] == UInt8(ascii: "{") { labels = try readLabels() }
        let valueWord = try readWord()
        guard let value = dialect == .openMetrics ? NumberText.any(valueWord) : Self.value(valueWord) else {
            throw failure("`\(Self.shown(valueWord))` is no value.")
        }
        var sample = Sample(name: name, labels: labels, value: value)
        if dialect == .prometheus { return try readOldTime(of: sample) }
        if index < end, !startsExemplar { sample.time = try readTime() }
        if index < end { sample.exemplar = try readExemplar() }
        return sample
    }

    /// 0.0.4 takes what Go's `ParseFloat` takes.
    private static func value(_ word: ArraySlice<UInt8>) -> Double? {
        if let value = NumberText.any(word) { return value }
        let text = String(decoding: word.prefix(64), as: UTF8.self)
        return text.hasPrefix("0x") || text.hasPrefix("0X") ? Double(text) : nil
    }

    /// Of 0.0.4: milliseconds.
    private mutating func readOldTime(of sample: Sample) throws(TelemetryProblem) -> Sample {
        var sample = sample
        skipBlanks()
        guard index < end else { return sample }
        let word = try readWord()
        guard let milliseconds = NumberText.integer(word) else { throw failure("`\(Self.shown(word))` is no time.") }
        sample.time = Double(milliseconds) / 1000
        skipBlanks()
        guard index == end else { throw failure("Something comes after the time.") }
        return sample
    }

    private mutating func readTime() throws(TelemetryProblem) -> Double {
        let word = try readWord()
        guard let time = NumberText.finite(word) else { throw failure("`\(Self.shown(word))` is no time.") }
        return time
    }

    private var startsExemplar: Bool { index + 1 < end && bytes[index + 1] == UInt8(ascii: "#") }

    private mutating func readExemplar() throws(TelemetryProblem) -> Exemplar {
        guard bytes[index..<end].starts(with: " # {".utf8) else { throw failure("Something comes after the time.") }
        index += 3
        let labels = try readLabels()
        let word = try readWord()
        guard NumberText.any(word) != nil else { throw failure("`\(Self.shown(word))` is no value of an exemplar.") }
        if index < end { _ = try readTime() }
        guard index == end else { throw failure("Something comes after the exemplar.") }
        // A character is what begins one: bytes 10xxxxxx go on.
        let count = labels.reduce(0) { sum, label in
            sum + label.key.count + label.value.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        }
        return Exemplar(characterCount: count)
    }

    /// At the brace that opens; ends after the one that closes.
    private mutating func readLabels() throws(TelemetryProblem) -> [Label] {
        index += 1
        var labels: [Label] = []
        while true {
            if dialect == .prometheus { skipBlanks() }
            guard index < end else { throw failure("The labels have no end.") }
            if bytes[index] == UInt8(ascii: "}"), labels.isEmpty || dialect == .prometheus { break }
            let label = try readLabel()
            guard !labels.contains(where: { $0.key == label.key }) else {
                throw failure("The label `\(Self.shown(label.key))` is there twice.")
            }
            labels.append(label)
            guard labels.count <= Self.labelsMax else {
                throw failure("A sample has more than \(Self.labelsMax) labels.")
            }
            if dialect == .prometheus { skipBlanks() }
            guard index < end else { throw failure("The labels have no end.") }
            if bytes[index] == UInt8(ascii: "}") { break }
            guard bytes[index] == UInt8(ascii: ",") else { throw failure("There is no comma between two labels.") }
            index += 1
        }
        index += 1
        return labels
    }

    private mutating func readLabel() throws(TelemetryProblem) -> Label {
        let begin = index
        while index < end, Self.isNameByte(bytes[index]), bytes[index] != UInt8(ascii: ":") { index += 1 }
        let key = bytes[begin..<index]
        guard isName(key) else { throw failure("A label has no name.") }
        if dialect == .prometheus { skipBlanks() }
        try take(UInt8(ascii: "="))
        if dialect == .prometheus { skipBlanks() }
        try take(UInt8(ascii: "\""))
        return Label(key: key, value: try readQuoted())
    }

    /// After the opening quote; ends after the closing one. A backslash stands before a backslash, a quote or
    /// `n` for a new line; before anything else it is itself.
    private mutating func readQuoted() throws(TelemetryProblem) -> ArraySlice<UInt8> {
        let begin = index
        var unescaped: [UInt8]?
        while index < end, bytes[index] != UInt8(ascii: "\"") {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < end else {
                unescaped?.append(byte)
                index += 1
                continue
            }
            if unescaped == nil { unescaped = Array(bytes[begin..<index]) }
            switch bytes[index + 1] {
            case UInt8(ascii: "n"): unescaped?.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): unescaped?.append(bytes[index + 1])
            case let other: unescaped? += [byte, other]
            }
            index += 2
        }
        guard index < end else { throw failure("A value of a label has no closing quote.") }
        defer { index += 1 }
        return unescaped.map { $0[...] } ?? bytes[begin..<index]
    }

    /// A blank, and the word after it.
    private mutating func readWord() throws(TelemetryProblem) -> ArraySlice<UInt8> {
        if dialect == .openMetrics { try take(UInt8(ascii: " ")) } else { skipBlanks() }
        let begin = index
        while index < end, !Self.isBlank(bytes[index]) { index += 1 }
        guard index > begin else { throw failure("A value is missing.") }
        return bytes[begin..<index]
    }

    private mutating func take(_ byte: UInt8) throws(TelemetryProblem) {
        guard index < end, bytes[index] == byte else {
            throw failure(
                "`\(Character(Unicode.Scalar(byte)))` is missing after `\(Self.shown(bytes[max(0, index - 24)..<index]))`."
            )
        }
        index += 1
    }

    mutating func skipBlanks() {
        while index < end, Self.isBlank(bytes[index]) { index += 1 }
    }

    func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return bytes.allSatisfy(Self.isNameByte)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: false
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    static func shown(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix(64), as: UTF8.self) }
}
