/// What the texts of a shape have in its slots.
enum ShapeKind: UInt8, Sendable {
    /// Words with digits, and nothing else.
    case closed = 0
    /// The one slot has the whole text.
    case whole = 1
    /// Words of any kind.
    case open = 2
}
