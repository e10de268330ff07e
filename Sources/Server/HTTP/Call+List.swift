import Core
import HTTPTypes
import Hummingbird
import Wire

/// Lists that are asked for and answered in parts.
extension Call {
    /// - Throws: `query.invalid`, `filter.invalid`, `key.invalid`, `cursor.invalid`.
    func listQuery(limitDefault: Int = ListQuery.limitDefault) throws(Problem) -> ListQuery {
        var list = ListQuery(filter: try filter(), limit: limitDefault)
        if let text = query.filled("sort") { list.sort = try ListQuery.Sort(text) }
        if let limit = try integer("limit", in: 1...ListQuery.limitMax) { list.limit = limit }
        let offset = try integer("offset", in: 0...ListQuery.offsetMax)
        guard let after = query.filled("after") else {
            list.start = .offset(offset ?? 0)
            return list
        }
        guard offset == nil else {
            throw Problem(
                "query.invalid", "The query cannot be read.", cause: "`after` and `offset` are both there.",
                remedy: "Give one of them.")
        }
        list.start = .after(try ListCursor(after))
        return list
    }

    /// - Throws: `query.invalid`, `filter.invalid`, `key.invalid`.
    func groupQuery() throws(Problem) -> (Filter, Filter.Key, limit: Int) {
        guard let by = query.filled("by") else {
            throw Problem(
                "query.invalid", "There is nothing to count by.", cause: "`by` is missing.",
                remedy: "Give a key, such as `by=zone`.")
        }
        let limit = try integer("limit", in: 1...ListQuery.limitMax) ?? ListQuery.limitDefault
        return (try filter(), try Filter.Key(by), limit)
    }
}

extension Response {
    /// The rows as an array, and in headers what there is beside them.
    static func part<Row: Encodable>(_ part: ListPart<Row>) throws -> Response {
        var response = try json(part.rows, isSorted: false)
        response.headers[.apusTotal] = String(part.total)
        response.headers[.apusOffset] = String(part.offset)
        if let next = part.next { response.headers[.apusNext] = next.description }
        return response
    }

    static func groups(_ groups: [GroupView], limit: Int) throws -> Response {
        var response = try json(Array(groups.prefix(limit)))
        response.headers[.apusTotal] = String(groups.count)
        return response
    }
}
