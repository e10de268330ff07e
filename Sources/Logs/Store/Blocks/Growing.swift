/// A list in memory of its own, for what is done to every byte and word: a stored array would be checked for
/// uniqueness and exclusive access each time. Its elements stay when it is emptied, so that it is filled again for
/// nothing.
struct Growing<Element: BitwiseCopyable>: ~Copyable {
    private(set) var start: UnsafeMutablePointer<Element>
    private(set) var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 64) {
        self.capacity = max(1, capacity)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    @inline(__always)
    subscript(index: Int) -> Element {
        get { start[index] }
        nonmutating set { start[index] = newValue }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { reserve(1) }
        start[count] = element
        count &+= 1
    }

    @inline(__always)
    mutating func append(_ source: UnsafePointer<Element>, count added: Int) {
        reserve(added)
        (start + count).update(from: source, count: added)
        count &+= added
    }

    /// Makes room for so many more.
    @inline(__always)
    mutating func reserve(_ added: Int) {
        if capacity &- count < added { grow(added) }
    }

    private mutating func grow(_ added: Int) {
        let larger = max(capacity * 2, count + added)
        let moved = UnsafeMutablePointer<Element>.allocate(capacity: larger)
        moved.update(from: start, count: count)
        start.deallocate()
        start = moved
        capacity = larger
    }

    /// Sets how many elements there are, after they were written in place.
    @inline(__always)
    mutating func setCount(_ count: Int) { self.count = count }

    mutating func removeAll() { count = 0 }

    /// `count` equal elements.
    mutating func fill(_ element: Element, count: Int) {
        self.count = 0
        reserve(count)
        start.update(repeating: element, count: count)
        self.count = count
    }
}

extension Growing where Element == UInt8 {
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        append(base.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    }

    @inline(__always)
    mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
