import Core

/// `NAME=VALUE` of an option.
struct LabelOption: Hashable {
    var name: String
    var value: String

    /// - Throws: `logs.label-invalid`.
    init(_ text: String) throws(Problem) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw Problem(
                "logs.label-invalid", "A label cannot be used.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "Write NAME=VALUE.")
        }
        name = parts[0]
        value = parts[1]
    }
}
