import Core
import FoundationEssentials

/// Values as JSON: one document for what is read, one object a line for streams.
enum JSONText {
    static func document(_ value: some Encodable, isForPeople: Bool) throws(Problem) -> String {
        try text(of: value, isForPeople ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : lineFormat)
    }

    static func line(_ value: some Encodable) throws(Problem) -> String { try text(of: value, lineFormat) }

    private static let lineFormat: JSONEncoder.OutputFormatting = [.sortedKeys, .withoutEscapingSlashes]

    private static func text(
        of value: some Encodable, _ format: JSONEncoder.OutputFormatting
    ) throws(Problem) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw Problem(
                "json.unwritable", "The answer cannot be written as JSON.", cause: "\(error).",
                remedy: "Leave out --json, and tell the makers of Apus.")
        }
    }
}
