import Core

/// What will happen, the next first; of those at the same time the first that was planned. A
/// binary heap.
struct Schedule<Element: Sendable>: Sendable {
    private struct Entry: Sendable {
        var at: Instant
        var order: Int
        var element: Element

        func isBefore(_ other: Entry) -> Bool { at == other.at ? order < other.order : at < other.at }
    }

    private var entries: [Entry] = []
    private var count = 0

    /// When the next happens.
    var first: Instant? { entries.first?.at }

    mutating func add(_ element: Element, at: Instant) {
        count += 1
        entries.append(Entry(at: at, order: count, element: element))
        var index = entries.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index].isBefore(entries[parent]) else { break }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    mutating func popFirst() -> (at: Instant, element: Element)? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return (first.at, first.element) }
        entries[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < entries.count && entries[child].isBefore(entries[least]) {
                least = child
            }
            guard least != index else { break }
            entries.swapAt(index, least)
            index = least
        }
        return (first.at, first.element)
    }
}
