/// What is measured of lines.
package struct LogMeasureRule: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// How many lines there are.
        case count
        /// The sum of a field's numbers.
        case sum(String)
        /// The distribution of a field's numbers; nothing of lines that have none.
        case timing(String)
    }

    /// The metric's name: `shop.requests`.
    package var name: String
    package var kind: Kind
    /// Fields or labels whose values tell series apart.
    package var by: [String]

    package init(name: String, kind: Kind, by: [String] = []) {
        self.name = name
        self.kind = kind
        self.by = by
    }
}

/// What was measured of the lines since the last time it was asked for.
package struct LogMeasure: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        /// To be added to a count.
        case count(Double)
        /// Single values of a distribution.
        case timings([Double])
    }

    package struct Tag: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    package var name: String
    /// In the order of the rule. Lines without the field have an empty value.
    package var tags: [Tag]
    package var value: Value
}
