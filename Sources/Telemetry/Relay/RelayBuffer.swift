import SystemPackage

/// Keeps the batches of a relay on disk until they are forgotten: a write-ahead log of them, and a mark of
/// how far they are over. Bytes: docs/formats/relay-buffer.md.
///
/// In memory are the batches of the newest segment and of the one that is read, no more.
struct RelayBuffer {
    private struct Segment {
        var number: UInt64
        /// The batches in it that are still needed.
        var numbers: ClosedRange<UInt64>?
        var live: Int
        var bytes: Int
    }

    private static let magic = Array("apusrel1".utf8)
    /// A frame of the log around a record.
    private static let frameBytes = LogSegment.frameBytes

    private let folder: FilePath
    private let files: any FileSystem
    private let log: WriteAheadLog
    private let segmentBytes: Int
    private var segments: [Segment]
    /// What the newest segment has in it.
    private var newest: [UInt64: [UInt8]] = [:]
    private var read: (segment: UInt64, records: [UInt64: [UInt8]])?
    private(set) var next: UInt64
    private let zstd = Zstd()
    /// Everything below is over, and is not waited with when the buffer is opened again.
    var mark: UInt64
    private var markSaved: UInt64

    /// Opens the buffer in a folder, which is made if it is not there.
    /// - Parameter first: the number of the first batch of a new buffer; above all that it had before.
    /// - Returns: the buffer, what waits in it, in order, and what could not be read, in words.
    static func open(
        _ folder: FilePath, on files: any FileSystem, first: UInt64, bytesMax: Int
    ) throws(TelemetryProblem) -> (buffer: RelayBuffer, waiting: [RelayFlow.Batch], lost: [String]) {
        do {
            try files.makeFolder(folder)
            let oldest = try files.list(folder).compactMap { LogSegment.number(ofAny: $0) }.min() ?? 0
            let (log, recovery) = try WriteAheadLog.open(
                folder, on: files, from: oldest, segmentBytesMax: .max
            ) { (_) throws(TelemetryProblem) in }
            var buffer = RelayBuffer(
                folder: folder, files: files, log: log, segmentBytes: max(64 << 10, min(4 << 20, bytesMax / 16)),
                segments: [], next: first, mark: try Self.mark(in: folder, files) ?? 0)
            let current = try log.cut()
            var waiting: [RelayFlow.Batch] = []
            for number in try files.list(folder).compactMap({ LogSegment.number(of: $0) }).sorted()
            where number < current {
                waiting += try buffer.register(number)
            }
            buffer.next = max(buffer.mark, waiting.last.map { $0.number + 1 } ?? 0)
            if buffer.next == 0 { buffer.next = first }
            buffer.segments.append(Segment(number: current, numbers: nil, live: 0, bytes: LogSegment.headBytes))
            try buffer.clean()
            return (buffer, waiting, recovery.dropped.map { "\($0)" })
        } catch let fault as FileFault {
            throw fault.problem("The buffer in \(folder) was not opened.")
        } catch let problem as TelemetryProblem {
            throw problem
        } catch {
            preconditionFailure("only faults of files and problems of the log are thrown: \(error)")
        }
    }

    private init(
        folder: FilePath, files: any FileSystem, log: WriteAheadLog, segmentBytes: Int, segments: [Segment],
        next: UInt64, mark: UInt64
    ) {
        self.folder = folder
        self.files = files
        self.log = log
        self.segmentBytes = segmentBytes
        self.segments = segments
        self.next = next
        self.mark = mark
        markSaved = mark
    }

    /// Takes a batch in. Throws having kept nothing of it.
    mutating func append(_ record: RelayRecord) throws(FileFault) -> RelayFlow.Batch {
        if let last = segments.last, last.bytes >= segmentBytes || isStuck {
            let number = try log.cut()
            isStuck = false
            segments.append(Segment(number: number, numbers: nil, live: 0, bytes: LogSegment.headBytes))
            newest.removeAll()
        }
        let number = next
        let bytes = record.encode(number: number, zstd)
        do throws(FileFault) {
            _ = try log.append(bytes[...])
        } catch {
            isStuck = true
            throw error
        }
        next += 1
        newest[number] = bytes
        let size = bytes.count + Self.frameBytes
        let last = segments.count - 1
        segments[last].bytes += size
        segments[last].live += 1
        segments[last].numbers = (segments[last].numbers?.lowerBound ?? number)...number
        return RelayFlow.Batch(number: number, points: record.count, bytes: size)
    }

    /// Whether the disk has refused something, so that the log goes on in another segment.
    private var isStuck = false

    /// The batches of a range that are there, in order.
    mutating func records(_ numbers: ClosedRange<UInt64>) throws(FileFault) -> [(number: UInt64, bytes: [UInt8])] {
        var found: [(UInt64, [UInt8])] = []
        for (index, segment) in segments.enumerated() {
            guard let own = segment.numbers, own.overlaps(numbers) else { continue }
            let records: [UInt64: [UInt8]]
            if index == segments.count - 1 {
                records = newest
            } else if let read, read.segment == segment.number {
                records = read.records
            } else {
                records = try load(segment.number)
                read = (segment.number, records)
            }
            for number in own.clamped(to: numbers) {
                if let bytes = records[number] { found.append((number, bytes)) }
            }
        }
        return found
    }

    /// The batches of a range are not needed any more. Files of which none is needed are removed.
    mutating func forget(_ numbers: ClosedRange<UInt64>) {
        for index in segments.indices {
            guard let own = segments[index].numbers, own.overlaps(numbers) else { continue }
            let common = own.clamped(to: numbers)
            // Ranges are forgotten once each, whole or from one end of a segment.
            segments[index].live = max(0, segments[index].live - Int(common.upperBound - common.lowerBound) - 1)
            if index == segments.count - 1 { for number in common { newest[number] = nil } }
        }
        // What a fault leaves behind is removed the next time, or when the buffer is opened again.
        try? clean()
    }

    /// Writes the mark down, if it has moved.
    mutating func saveMark() throws(FileFault) {
        guard mark != markSaved else { return }
        var bytes = Self.magic
        bytes.append(fixed: mark)
        bytes.append(fixed: Checksum.of(bytes))
        try files.replace(folder.appending("mark"), with: bytes)
        markSaved = mark
    }

    /// The log of it, which is synced by whoever asks, without holding others up.
    var syncing: WriteAheadLog { log }

    private mutating func clean() throws(FileFault) {
        let empty = segments.dropLast().prefix { $0.live == 0 }.count
        guard empty > 0 else { return }
        segments.removeFirst(empty)
        if let first = segments.first { try log.remove(before: first.number) }
    }

    private mutating func register(_ number: UInt64) throws(FileFault) -> [RelayFlow.Batch] {
        var batches: [RelayFlow.Batch] = []
        var bytes = LogSegment.headBytes
        let content = try files.contents(LogSegment.path(number, in: folder))
        let mark = mark
        _ = content.withUnsafeBytes { raw in
            LogSegment.read(raw, number: number) { payload in
                bytes += payload.count + Self.frameBytes
                guard let head = RelayRecord.head(payload), head.number >= mark else { return }
                batches.append(
                    RelayFlow.Batch(
                        number: head.number, points: head.count, bytes: payload.count + Self.frameBytes))
            }
        }
        let ends = batches.first.flatMap { first in batches.last.map { first.number...$0.number } }
        segments.append(Segment(number: number, numbers: ends, live: batches.count, bytes: bytes))
        return batches
    }

    private func load(_ number: UInt64) throws(FileFault) -> [UInt64: [UInt8]] {
        let content = try files.contents(LogSegment.path(number, in: folder))
        var records: [UInt64: [UInt8]] = [:]
        _ = content.withUnsafeBytes { raw in
            LogSegment.read(raw, number: number) { payload in
                guard let head = RelayRecord.head(payload) else { return }
                records[head.number] = Array(payload)
            }
        }
        return records
    }

    private static func mark(in folder: FilePath, _ files: any FileSystem) throws(FileFault) -> UInt64? {
        guard try files.list(folder).contains("mark") else { return nil }
        let bytes = try files.contents(folder.appending("mark"))
        return bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            guard let head = reader.take(magic.count), head.elementsEqual(magic),
                let mark = reader.fixed(UInt64.self), let sum = reader.fixed(UInt32.self),
                sum == Checksum.of(bytes.prefix(16))
            else { return nil }
            return mark
        }
    }
}
