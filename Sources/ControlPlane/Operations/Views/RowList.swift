import Core
import Synchronization
package import Wire

/// A row of a list that can be filtered, sorted and gone on with.
protocol ListRow: Sendable {
    /// Unique, and in the order of which the rows are kept.
    associatedtype Place: Comparable
    var place: Place { get }
    /// The place as text, and back: nil for what is none.
    static func text(of place: Place) -> String
    static func place(_ text: String) -> Place?
    var colour: Colour { get }
    func value(of key: Filter.Key) -> String?
}

extension HostView: ListRow {
    var place: HostName { name }
    static func text(of place: HostName) -> String { place.text }
    static func place(_ text: String) -> HostName? { try? HostName(text) }
}

extension InstanceView: ListRow {
    var place: InstanceKey { InstanceKey(host: host, instance: id) }
    static func text(of place: InstanceKey) -> String { "\(place.instance)@\(place.host)" }
    static func place(_ text: String) -> InstanceKey? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = try? InstanceID(String(parts[0])), let host = try? HostName(String(parts[1]))
        else { return nil }
        return InstanceKey(host: host, instance: id)
    }
}

/// Rows that do not change, in the order of their places, and their other orders as they are asked
/// for: a fabric's hosts, or its instances.
final class RowList<Row: ListRow>: Sendable {
    private static var ordersMax: Int { 8 }

    let rows: [Row]
    private let orders = Mutex<[Filter.Key: [Int]]>([:])

    init(_ rows: [Row]) { self.rows = rows }

    /// The same rows, but for some. Orders that these leave as they were are kept.
    /// - Parameters:
    ///   - new: in the order of the indices.
    ///   - indices: of rows that others of the same places take the place of.
    init(_ before: RowList, with new: [Row], at indices: [Int]) {
        let old = before.rows
        var rows = old
        for (index, row) in zip(indices, new) { rows[index] = row }
        self.rows = rows
        let known = before.orders.withLock { $0 }
        let kept = known.filter { key, _ in
            zip(indices, new).allSatisfy { Self.sortValue(old[$0], key) == Self.sortValue($1, key) }
        }
        orders.withLock { $0 = kept }
    }

    /// - Parameter within: rows that may be admitted, when the rest is known not to be.
    /// - Throws: `cursor.invalid`.
    func part(_ query: ListQuery, within: [Int]? = nil) throws(Problem) -> ListPart<Row> {
        let order = order(query.sort, within)
        let begins = try start(query)
        var part = ListPart<Row>(rows: [], total: 0, offset: 0, next: nil)
        let isWhole = query.filter.expression == .all
        if isWhole, case .offset(let offset) = query.start {
            let window = order.dropFirst(offset).prefix(query.limit)
            return self.part(window.map { rows[$0] }, of: order.count, at: min(offset, order.count), query)
        }
        for index in order {
            guard isWhole || query.filter.admits({ rows[index].value(of: $0) }) else { continue }
            if begins(part.total, index) {
                if part.rows.isEmpty { part.offset = part.total }
                if part.rows.count < query.limit { part.rows.append(rows[index]) }
            }
            part.total += 1
        }
        let offset = part.rows.isEmpty ? part.total : part.offset
        return self.part(part.rows, of: part.total, at: offset, query)
    }

    private func part(_ rows: [Row], of total: Int, at offset: Int, _ query: ListQuery) -> ListPart<Row> {
        var next: ListCursor?
        if offset + rows.count < total, let last = rows.last {
            next = ListCursor(
                value: query.sort.map { Self.sortValue(last, $0.key) } ?? "", name: Row.text(of: last.place))
        }
        return ListPart(rows: rows, total: total, offset: offset, next: next)
    }

    /// Those that are worst off first.
    func groups(_ filter: Filter, by key: Filter.Key, within: [Int]? = nil) -> [GroupView] {
        var counts: [String: ColourCounts] = [:]
        var without = ColourCounts()
        let isWhole = filter.expression == .all
        for index in within ?? Array(rows.indices) {
            guard isWhole || filter.admits({ rows[index].value(of: $0) }) else { continue }
            if let value = rows[index].value(of: key) {
                counts[value, default: ColourCounts()].add(rows[index].colour)
            } else {
                without.add(rows[index].colour)
            }
        }
        var groups = counts.map { GroupView(value: $0.key, counts: $0.value) }
        if without.total > 0 { groups.append(GroupView(value: nil, counts: without)) }
        return groups.sorted {
            ($1.counts.red, $1.counts.yellow, $0.value ?? "\u{10FFFF}")
                < ($0.counts.red, $0.counts.yellow, $1.value ?? "\u{10FFFF}")
        }
    }

    /// Whether a row belongs to the part or comes behind it, by how many are before it and its index.
    private func start(_ query: ListQuery) throws(Problem) -> (Int, Int) -> Bool {
        switch query.start {
        case .offset(let offset): return { number, _ in number >= offset }
        case .after(let cursor):
            guard let place = Row.place(cursor.name) else { throw ListCursor.invalid(cursor.description) }
            guard let sort = query.sort else { return { [rows] _, index in rows[index].place > place } }
            return { [rows] _, index in
                let value = Self.sortValue(rows[index], sort.key)
                if value == cursor.value { return rows[index].place > place }
                return sort.isDescending ? value < cursor.value : value > cursor.value
            }
        }
    }

    private func order(_ sort: ListQuery.Sort?, _ within: [Int]?) -> [Int] {
        guard let sort else { return within ?? Array(rows.indices) }
        // What is equal stays in the order of places in both directions.
        func sorted(_ indices: [Int]) -> [[Int]] {
            let byValue = Dictionary(grouping: indices) { Self.sortValue(rows[$0], sort.key) }
            let values = sort.isDescending ? byValue.keys.sorted(by: >) : byValue.keys.sorted()
            return values.map { byValue[$0] ?? [] }
        }
        if let within { return sorted(within).flatMap(\.self) }
        if !sort.isDescending, let known = orders.withLock({ $0[sort.key] }) { return known }
        let order = sorted(Array(rows.indices)).flatMap(\.self)
        guard !sort.isDescending else { return order }
        orders.withLock { orders in
            if orders.count >= Self.ordersMax { orders = [:] }
            orders[sort.key] = order
        }
        return order
    }

    /// What the row is sorted by: numbers by their size, and what is worst first.
    private static func sortValue(_ row: Row, _ key: Filter.Key) -> String {
        guard let value = row.value(of: key) else { return "" }
        switch key {
        case .release: return String(repeating: "0", count: max(0, 12 - value.utf8.count)) + value
        case .colour:
            switch row.colour {
            case .red: return "1"
            case .yellow: return "2"
            case .green: return "3"
            }
        default: return value
        }
    }
}
