/// What a click on a value does to a query.
extension LogQuery {
    /// The query that demands this value of a field as well. If it demanded the opposite, that is taken back.
    package func adding(field: String, value: [UInt8]) -> LogQuery {
        edited(adding: Self.term(field, value), removing: .not(Self.term(field, value)))
    }

    /// The query that leaves out lines with this value of a field.
    package func excluding(field: String, value: [UInt8]) -> LogQuery {
        edited(adding: .not(Self.term(field, value)), removing: Self.term(field, value))
    }

    /// The query that demands another expression as well.
    package func adding(filter: LogExpression) -> LogQuery { edited(adding: filter, removing: nil) }

    /// The query without this demand on a field's value, however it is meant.
    package func removing(field: String, value: [UInt8]) -> LogQuery {
        let term = Self.term(field, value)
        var query = self
        query.filter = .all(of: conjuncts.filter { $0 != term && $0 != .not(term) })
        return query
    }

    /// Messages are long, and what is clicked of them is mostly a part: they are searched as phrases.
    private static func term(_ field: String, _ value: [UInt8]) -> LogExpression {
        if field == "message", !value.isEmpty { return .term(LogTerm(nil, longest(value) ?? .phrase(value))) }
        return .term(LogTerm(field, longest(value) ?? .exact(value)))
    }

    /// Of what is too long for a query, its beginning.
    private static func longest(_ value: [UInt8]) -> LogTerm.Test? {
        value.count > 1024 ? .prefix(Array(value.prefix(1024))) : nil
    }

    private var conjuncts: [LogExpression] {
        switch filter {
        case .all: []
        case .and(let parts): parts
        default: [filter]
        }
    }

    private func edited(adding part: LogExpression, removing opposite: LogExpression?) -> LogQuery {
        var parts = conjuncts.filter { $0 != opposite }
        if !parts.contains(part) { parts.append(part) }
        var query = self
        query.filter = .all(of: parts)
        return query
    }
}
