/// A list that grows, in memory of its own.
struct FlatList<Element: BitwiseCopyable>: ~Copyable {
    private(set) var start: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { reserve(count &+ 1) }
        (start + count).initialize(to: element)
        count &+= 1
    }

    /// Room for so many elements at the end, which are counted from now on.
    @inline(__always)
    mutating func extend(by number: Int) -> UnsafeMutablePointer<Element> {
        if count &+ number > capacity { reserve(count &+ number) }
        defer { count &+= number }
        return start + count
    }

    @inline(never)
    private mutating func reserve(_ wanted: Int) {
        capacity = max(capacity * 2, wanted)
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        grown.moveInitialize(from: start, count: count)
        start.deallocate()
        start = grown
    }

    /// The elements, which are then no longer here. Memory far beyond `keep` elements is given back.
    mutating func takeAll(keep: Int) -> [Element] {
        let all = Array(UnsafeBufferPointer(start: start, count: count))
        count = 0
        if capacity > keep {
            start.deallocate()
            capacity = keep
            start = .allocate(capacity: keep)
        }
        return all
    }
}
