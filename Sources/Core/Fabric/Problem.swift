/// What went wrong, in the four parts that every error of Apus has.
///
/// A problem is written for the person who reads it at night: the code can be looked up in
/// `docs/errors.md`, the sentence says what did not happen, the cause why, the remedy what to do.
package struct Problem: Error, Codable, Hashable, Sendable {
    /// Stable, lower case, words joined by dots and dashes: `name.invalid`.
    package var code: String
    /// What did not happen, as one sentence.
    package var sentence: String
    /// Why it did not, with the values that were met.
    package var cause: String
    /// What the reader can do about it.
    package var remedy: String

    package init(_ code: String, _ sentence: String, cause: String, remedy: String) {
        self.code = code
        self.sentence = sentence
        self.cause = cause
        self.remedy = remedy
    }
}

extension Problem: CustomStringConvertible {
    package var description: String { "\(sentence) \(cause) \(remedy) [\(code)]" }
}
