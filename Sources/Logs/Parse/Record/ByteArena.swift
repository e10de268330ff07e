/// Memory for what parsers make while a line is in their hands. What was given stays where it is until `reset`.
package struct ByteArena: ~Copyable {
    private static let chunkBytes = 64 << 10

    private var chunk: UnsafeMutableRawPointer
    private var used = 0
    /// Chunks that are full, and pieces that were too large for one.
    private var others: [UnsafeMutableRawPointer] = []

    package init() { chunk = .allocate(byteCount: Self.chunkBytes, alignment: 16) }

    deinit {
        chunk.deallocate()
        for other in others { other.deallocate() }
    }

    /// So many bytes, with anything in them.
    @inline(__always)
    mutating func take(_ count: Int) -> UnsafeMutableRawPointer {
        guard used &+ count <= Self.chunkBytes else { return takeSlowly(count) }
        defer { used &+= count }
        return chunk + used
    }

    @inline(never)
    private mutating func takeSlowly(_ count: Int) -> UnsafeMutableRawPointer {
        if count > Self.chunkBytes / 4 {
            let piece = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
            others.append(piece)
            return piece
        }
        others.append(chunk)
        chunk = .allocate(byteCount: Self.chunkBytes, alignment: 16)
        used = count
        return chunk
    }

    /// A copy that lives until the line is finished.
    package mutating func copy(_ bytes: some Collection<UInt8>) -> ByteView {
        let count = bytes.count
        let place = take(count)
        UnsafeMutableRawBufferPointer(start: place, count: count).copyBytes(from: bytes)
        return ByteView(place, count)
    }

    mutating func copy(_ view: ByteView) -> ByteView {
        let place = take(view.count)
        place.copyMemory(from: view.start, byteCount: view.count)
        return ByteView(place, view.count)
    }

    /// Forgets all that was given.
    @inline(__always)
    mutating func reset() {
        used = 0
        if !others.isEmpty { free() }
    }

    @inline(never)
    private mutating func free() {
        for other in others { other.deallocate() }
        others.removeAll(keepingCapacity: true)
    }
}
