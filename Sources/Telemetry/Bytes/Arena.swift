/// Memory that is handed out piece by piece and taken back all at once.
struct Arena: ~Copyable {
    static let blockBytes = 1 << 18

    /// The most bytes that are handed out between two resets.
    let bytesMax: Int
    /// What has been handed out since the last reset, rounded up to blocks.
    private(set) var bytes = 0

    private var blocks: [UnsafeMutableRawPointer] = []
    private var large: [UnsafeMutableRawPointer] = []
    private var blocksUsed = 0
    private var at: UnsafeMutableRawPointer?
    private var left = 0

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    deinit {
        for block in blocks { block.deallocate() }
        for block in large { block.deallocate() }
    }

    /// Memory that is not initialized, aligned to 16 bytes; nil if the arena has handed out all it may.
    mutating func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        let size = (byteCount + 15) & ~15
        if size <= left, let piece = at {
            at = piece + size
            left -= size
            return piece
        }
        return size > Self.blockBytes / 4 ? allocateLarge(size) : allocateInNewBlock(size)
    }

    private mutating func allocateLarge(_ size: Int) -> UnsafeMutableRawPointer? {
        guard bytes + size <= bytesMax else { return nil }
        bytes += size
        let piece = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        large.append(piece)
        return piece
    }

    private mutating func allocateInNewBlock(_ size: Int) -> UnsafeMutableRawPointer? {
        guard bytes + Self.blockBytes <= bytesMax else { return nil }
        bytes += Self.blockBytes
        if blocksUsed == blocks.count {
            blocks.append(.allocate(byteCount: Self.blockBytes, alignment: 64))
        }
        let piece = blocks[blocksUsed]
        blocksUsed += 1
        at = piece + size
        left = Self.blockBytes - size
        return piece
    }

    /// Takes everything back. Keeps as many blocks as were used since the last reset, so that a busy arena
    /// asks the system for nothing and a quiet one gives memory back.
    mutating func reset() {
        while blocks.count > blocksUsed, let block = blocks.popLast() { block.deallocate() }
        for block in large { block.deallocate() }
        large.removeAll()
        blocksUsed = 0
        bytes = 0
        at = nil
        left = 0
    }
}
