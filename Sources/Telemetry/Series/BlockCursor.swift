/// Reads a block's series, best in order of their numbers: pages and bytes that were read are used again,
/// and the more one goes forward, the more is read at once.
final class BlockCursor {
    private static let readMin = 4 << 10
    private static let readMax = 256 << 10

    let block: Block
    private var page = -1
    private var places: [ChunkPlace] = []
    private var at = 0
    private var buffer: [UInt8] = []
    private var bufferOffset = 0
    private var readAhead = BlockCursor.readMin

    init(_ block: Block) { self.block = block }

    /// Puts the points of a series that are in `range` over those given, and perhaps some outside of it.
    func read(
        _ number: UInt64, _ range: ClosedRange<Int>, _ decoder: ChunkDecoder, over points: inout Points
    ) throws(TelemetryProblem) {
        try seek(number)
        var mine = Points()
        while let place = current, place.number == number {
            if place.first <= range.upperBound, place.last >= range.lowerBound {
                try decode(place, decoder, into: &mine)
            }
            try advance()
        }
        points.overlay(mine)
    }

    /// The chunk at which the cursor is; nil at the end.
    var current: ChunkPlace? { at < places.count ? places[at] : nil }

    /// Goes to the next chunk; to the first if it has not begun.
    func advance() throws(TelemetryProblem) {
        at += 1
        if at >= places.count, page + 1 < block.pages.count { try open(page + 1) }
    }

    /// Goes to the first chunk of a series or of one behind it.
    private func seek(_ number: UInt64) throws(TelemetryProblem) {
        let isAhead = current.map { $0.number <= number } ?? false
        if !isAhead || page + 1 < block.pages.count && block.pages[page + 1].number < number {
            var (low, high) = (0, block.pages.count)
            while low < high {
                let middle = (low + high) / 2
                if block.pages[middle].number < number { low = middle + 1 } else { high = middle }
            }
            // Chunks of a series may begin at the end of the page before.
            guard !block.pages.isEmpty else { return }
            try open(max(0, low - 1))
        }
        while let place = current, place.number < number { try advance() }
    }

    private func open(_ next: Int) throws(TelemetryProblem) {
        places = try block.places(block.pages[next])
        page = next
        at = 0
    }

    func decode(_ place: ChunkPlace, _ decoder: ChunkDecoder, into points: inout Points) throws(TelemetryProblem) {
        if place.offset < bufferOffset || place.offset + place.length > bufferOffset + buffer.count {
            let isNext = place.offset >= bufferOffset && place.offset <= bufferOffset + buffer.count
            readAhead = isNext && !buffer.isEmpty ? min(2 * readAhead, Self.readMax) : Self.readMin
            buffer = try block.read(max(place.length, readAhead), at: place.offset)
            bufferOffset = place.offset
        }
        let start = place.offset - bufferOffset
        guard start + place.length <= buffer.count else { throw block.damaged(place) }
        let isWhole = buffer.withUnsafeBytes { raw in
            let bytes = UnsafeRawBufferPointer(rebasing: raw[start..<start + place.length])
            return Checksum.of(bytes) == place.checksum && decoder.decode(bytes, first: place.first, into: &points)
        }
        guard isWhole else { throw block.damaged(place) }
    }
}
