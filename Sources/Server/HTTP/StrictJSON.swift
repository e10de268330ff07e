import Core
import FoundationEssentials

/// JSON of a request, read with suspicion: bounded in depth, each key once, and no key that the
/// request's type does not know, because a misspelt option that is silently ignored does harm.
enum StrictJSON {
    static let depthMax = 16

    /// - Throws: `body.invalid`.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(Problem) -> Value {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw invalid("It is not UTF-8.") }
        var scanner = JSONScanner(bytes)
        let keys = try scanner.scanKeys()
        let known = Schema.of(type).properties.map(\.name)
        if let stranger = keys.first(where: { !known.contains($0) }) {
            throw invalid("It has \(quotedForMessage(stranger)); known are \(known.joined(separator: ", ")).")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let problem as Problem {
            throw problem
        } catch {
            throw invalid(describe(error))
        }
    }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)." }
        switch error {
        case .keyNotFound(let key, _): return "`\(key.stringValue)` is missing."
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            if let problem = context.underlyingError as? Problem { return problem.description }
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (path.isEmpty ? "" : "`\(path)`: ") + context.debugDescription
        @unknown default: return "\(error)."
        }
    }

    static func invalid(_ cause: String) -> Problem {
        Problem(
            "body.invalid", "The request's body cannot be read.", cause: cause,
            remedy: "Send one JSON object as /openapi.json describes it.")
    }
}

/// Walks over JSON without keeping it. It checks what a decoder lets pass (depth, repeated keys)
/// and leaves the rest of the grammar to the decoder.
private struct JSONScanner {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Returns: the keys of the outermost object.
    mutating func scanKeys() throws(Problem) -> [String] {
        var open: [(isObject: Bool, keys: Set<String>)] = []
        var outer: [String] = []
        var awaitsKey = false
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open.append((byte == UInt8(ascii: "{"), []))
                awaitsKey = byte == UInt8(ascii: "{")
                guard open.count <= StrictJSON.depthMax else {
                    throw StrictJSON.invalid("It is nested more than \(StrictJSON.depthMax) deep.")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open.popLast() != nil else {
                    throw StrictJSON.invalid("A bracket is closed that was not opened.")
                }
                awaitsKey = false
            case UInt8(ascii: ","): awaitsKey = open.last?.isObject ?? false
            case UInt8(ascii: "\""):
                let text = scanString()
                guard awaitsKey, !open.isEmpty else { continue }
                awaitsKey = false
                guard open[open.count - 1].keys.insert(text).inserted else {
                    throw StrictJSON.invalid("\(quotedForMessage(text)) comes twice.")
                }
                if open.count == 1 { outer.append(text) }
            default: break
            }
        }
        return outer
    }

    /// The string's text; one with an escape is decoded, so that `"\u0061"` and `"a"` are one key.
    private mutating func scanString() -> String {
        let start = index - 1
        var hasEscape = false
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") {
                hasEscape = true
                index += 1
            }
            index += 1
        }
        index = min(index + 1, bytes.count)
        let quoted = bytes[start..<index]
        if hasEscape, let text = try? JSONDecoder().decode(String.self, from: Data(quoted)) { return text }
        return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
    }
}
