/// Memory for text that is scanned a word at a time.
///
/// Scanners of this module stop at a newline and read up to `padding` bytes beyond it. So every text that
/// they get ends with a newline and has that many readable bytes after it: they need no other bound.
struct PaddedBytes: ~Copyable {
    /// Readable bytes after the last one, the closing newline included.
    static let padding = 64

    let start: UnsafeMutableRawPointer
    /// Bytes of text that fit.
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(byteCount: capacity + Self.padding, alignment: 64)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + Self.padding)
    }

    deinit { start.deallocate() }

    /// Closes the text after `count` bytes.
    @inline(__always)
    static func close(_ start: UnsafeMutableRawPointer, count: Int) {
        start.storeBytes(of: ASCII.newline, toByteOffset: count, as: UInt8.self)
    }
}
