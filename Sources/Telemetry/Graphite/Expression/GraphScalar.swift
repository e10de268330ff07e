/// A value in a target that is no series.
package enum GraphScalar: Hashable, Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)

    /// As Python's `str` writes it: names of series depend on it.
    package var text: String {
        switch self {
        case .none: "None"
        case .boolean(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .number(let value): PythonNumber.text(value)
        case .string(let value): value
        }
    }

    /// An integer or a number, not a text that looks like one.
    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .none, .boolean, .string: nil
        }
    }
}
