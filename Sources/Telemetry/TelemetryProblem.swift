/// What went wrong in an engine, in the four parts that every error of Apus has.
///
/// Engines know nothing of fleets, so they have their own type; whoever owns an engine passes it on as
/// the product's problem, part by part.
package struct TelemetryProblem: Error, Hashable, Sendable {
    /// Stable, lower case, words joined by dots and dashes: `series.name-invalid`.
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

extension TelemetryProblem: CustomStringConvertible {
    package var description: String { "\(sentence) \(cause) \(remedy) [\(code)]" }
}
