/// Turns the bytes that a program writes into lines that can be shown anywhere: bounded, without
/// control characters, of a progress bar only what it said last.
struct BuildOutput {
    static let lineBytesMax = 2000
    static let tailLines = 12

    private let bytesMax: Int
    private var bytes = 0
    private var line: [UInt8] = []
    /// The last lines that said something, for the cause of a failure.
    private(set) var tail: [String] = []

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// - Returns: the lines that are complete now and within the bound.
    mutating func receive(_ chunk: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for byte in chunk {
            if byte == UInt8(ascii: "\n") {
                if let text = endLine() { lines.append(text) }
            } else if line.count < Self.lineBytesMax || byte == UInt8(ascii: "\r") {
                line.append(byte)
            }
        }
        return lines
    }

    /// - Returns: what was written after the last end of a line.
    mutating func finish() -> String? { line.isEmpty ? nil : endLine() }

    private mutating func endLine() -> String? {
        let shown = line.split(separator: UInt8(ascii: "\r")).last ?? []
        line.removeAll(keepingCapacity: true)
        let text = Self.plain(shown)
        if !text.allSatisfy(\.isWhitespace) { tail = tail.suffix(Self.tailLines - 1) + [text] }
        let wasWithin = bytes <= bytesMax
        bytes += text.utf8.count + 1
        if bytes <= bytesMax { return text }
        return wasWithin ? "(The rest of the output is left out: it is more than \(bytesMax) bytes.)" : nil
    }

    /// Without control and direction characters, and without the sequences that colour a terminal.
    private static func plain(_ bytes: some Collection<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var isInSequence = false
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if isInSequence {
                if ("@"..."~").contains(scalar) && scalar != "[" { isInSequence = false }
            } else if scalar == "\u{1B}" {
                isInSequence = true
            } else if scalar == "\t" || EntryPath.characterFault(in: String(scalar)) == nil {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
