import Synchronization
import Telemetry

/// Lines of a stream that no segment has yet: as they came, until somebody has sealed them.
final class MemoryBlock: Sendable {
    private enum Content {
        case raw(LogBatch)
        case sealed(SealedBlock)
    }

    let stream: LogStream
    let rows: Int
    let firstTime: Int64
    let lastTime: Int64
    /// When its newest line came: nanoseconds since 1970.
    let created: Int64
    private let content: Mutex<Content>

    /// The batch has lines of one stream, at least one.
    init(_ batch: LogBatch, created: Int64) {
        stream = batch.streams[0]
        rows = batch.lines.count
        firstTime = batch.lines.reduce(.max) { min($0, $1.time) }
        lastTime = batch.lines.reduce(.min) { max($0, $1.time) }
        self.created = created
        content = Mutex(.raw(batch))
    }

    /// Seals the lines, if nobody did; others wait meanwhile.
    func sealed(by writer: BlockWriter) -> SealedBlock {
        content.withLock { content in
            switch content {
            case .sealed(let block): return block
            case .raw(let batch):
                let block = writer.seal(batch)
                content = .sealed(block)
                return block
            }
        }
    }

    var bytes: Int {
        content.withLock { content in
            switch content {
            case .raw(let batch): batch.bytes.count
            case .sealed(let block): block.bytes.count + block.filter.count
            }
        }
    }

    func mayHold(_ filter: LogFilter) -> Bool {
        guard case .sealed(let block) = content.withLock({ $0 }) else { return true }
        let truth = filter.truth(of: block.summary, stream) { words in
            words.allSatisfy { Self.mayHold($0, block) }
        }
        return truth != .never
    }

    private static func mayHold(_ hash: UInt64, _ block: SealedBlock) -> Bool {
        let place = WordFilter.place(of: hash, buckets: block.summary.filterBuckets)
        return block.filter.withUnsafeBytes { filter in
            WordFilter.mayHold(
                hash, page: UnsafeRawBufferPointer(rebasing: filter[place.page]), bucket: place.bucket) ?? true
        }
    }

    func open(_ damage: DamageCount) throws(TelemetryProblem) -> sending any LogBlock {
        switch content.withLock({ $0 }) {
        case .raw(let batch): return RawBlock(batch)
        case .sealed(let block):
            return try StoredBlock(BlockBytes(block, damage), stream: stream, summary: block.summary)
        }
    }
}

struct MemoryReference: LogBlockReference {
    let block: MemoryBlock
    let damage: DamageCount

    var stream: LogStream { block.stream }
    var rows: Int { block.rows }
    var firstTime: Int64 { block.firstTime }
    var lastTime: Int64 { block.lastTime }

    func open() throws(TelemetryProblem) -> sending any LogBlock { try block.open(damage) }
}
