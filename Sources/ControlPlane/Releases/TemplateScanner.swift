/// A template, taken apart into text and tags with their lines.
struct TemplatePart: Equatable {
    enum Kind: Equatable {
        case text
        /// `{{ … }}`
        case value
        /// `{% … %}`
        case tag
    }

    var kind: Kind
    var content: String
    /// Counts from 1.
    var line: Int
}

/// What is wrong with a template, and where.
struct TemplateFault: Error {
    var line: Int
    var cause: String
    var remedy: String
}

/// Splits a template at its tags. `{%-` and `-%}` take white space beside the tag away.
struct TemplateScanner {
    /// Longer tags are refused, which bounds how deep an expression can be nested.
    private static let tagBytesMax = 1000

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var parts: [TemplatePart] = []
    private var trimsNextText = false

    static func scan(_ template: String) throws(TemplateFault) -> [TemplatePart] {
        var scanner = TemplateScanner(Array(template.utf8))
        try scanner.scan()
        return scanner.parts
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func scan() throws(TemplateFault) {
        var textStart = 0
        while index + 1 < bytes.count {
            guard bytes[index] == UInt8(ascii: "{"), let close = Self.close(of: bytes[index + 1]) else {
                if bytes[index] == UInt8(ascii: "\n") { line += 1 }
                index += 1
                continue
            }
            appendText(bytes[textStart..<index], before: index)
            try scanTag(closedBy: close)
            textStart = index
        }
        appendText(bytes[textStart...], before: bytes.count)
    }

    private static func close(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "{"): UInt8(ascii: "}")
        case UInt8(ascii: "%"): UInt8(ascii: "%")
        case UInt8(ascii: "#"): UInt8(ascii: "#")
        default: nil
        }
    }

    private mutating func scanTag(closedBy close: UInt8) throws(TemplateFault) {
        let start = index + 2
        let startLine = line
        var end = start
        while end + 1 < bytes.count, !(bytes[end] == close && bytes[end + 1] == UInt8(ascii: "}")) {
            if bytes[end] == UInt8(ascii: "\n") { line += 1 }
            end += 1
        }
        guard end + 1 < bytes.count else {
            throw TemplateFault(line: startLine, cause: "A tag is not closed.", remedy: "Close it with }}, %} or #}.")
        }
        index = end + 2
        guard close != UInt8(ascii: "#") else { return }
        guard end - start <= Self.tagBytesMax else {
            throw TemplateFault(
                line: startLine, cause: "A tag has \(end - start) bytes; \(Self.tagBytesMax) is the most.",
                remedy: "Split it.")
        }
        var content = bytes[start..<end]
        let dash = UInt8(ascii: "-")
        if content.first == dash { content.removeFirst() }
        if content.last == dash {
            content.removeLast()
            trimsNextText = true
        }
        let kind: TemplatePart.Kind = close == UInt8(ascii: "}") ? .value : .tag
        parts.append(TemplatePart(kind: kind, content: String(decoding: content, as: UTF8.self), line: startLine))
    }

    private mutating func appendText(_ slice: ArraySlice<UInt8>, before end: Int) {
        var text = slice
        if trimsNextText {
            text = text.drop(while: Self.isSpace)
            trimsNextText = false
        }
        let trims = end + 2 < bytes.count && bytes[end + 2] == UInt8(ascii: "-") && bytes[end + 1] != UInt8(ascii: "#")
        if trims {
            while let last = text.last, Self.isSpace(last) { text.removeLast() }
        }
        if !text.isEmpty {
            parts.append(TemplatePart(kind: .text, content: String(decoding: text, as: UTF8.self), line: line))
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
