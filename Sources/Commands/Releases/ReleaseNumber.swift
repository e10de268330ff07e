import Core

enum ReleaseNumber {
    /// Reads `7` or `r7`.
    /// - Throws: `release.number-invalid`.
    static func parse(_ text: String) throws(Problem) -> Int {
        guard let number = Int(text.hasPrefix("r") ? text.dropFirst() : text[...]), number > 0 else {
            throw Problem(
                "release.number-invalid", "This is not the number of a release.",
                cause: "\(quotedForMessage(text)) was found.",
                remedy: "Write it as `apus releases` shows it: r7.")
        }
        return number
    }
}
