/// A value of a YAML file with its place. Scalars stay text: what a text means depends on the key
/// that it is written for, so `1.10` as a branch is a branch, and `no` is never a boolean.
struct YAMLValue {
    enum Content {
        case scalar(YAMLScalar)
        case list([YAMLValue])
        case mapping([YAMLEntry])
    }

    var content: Content
    var position: SourcePosition

    /// What the value is, for messages.
    var kind: String {
        switch content {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .mapping: "keys with values"
        }
    }

    var scalar: YAMLScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    var isNull: Bool { scalar?.isNull ?? false }
}

struct YAMLScalar {
    var text: String
    /// Written without quotes.
    var isPlain: Bool

    var isNull: Bool { isPlain && (text.isEmpty || text == "~" || text == "null") }
}

struct YAMLEntry {
    var key: String
    var keyPosition: SourcePosition
    var value: YAMLValue
}

/// A value that was read, and where it was written.
struct Located<Value> {
    var value: Value
    var position: SourcePosition

    init(_ value: Value, at position: SourcePosition) {
        self.value = value
        self.position = position
    }

    func map<Other>(_ transform: (Value) -> Other) -> Located<Other> { Located<Other>(transform(value), at: position) }
}

extension Located: Sendable where Value: Sendable {}
