package import Telemetry

/// Reads what a host logs into its buffer. For one thread, which calls `step` again and again.
///
/// Lines are gathered into a batch; with it goes into the buffer how far files were read. While the buffer takes
/// nothing, nothing more is read, so what is in memory is bounded whatever happens.
package final class LogCollector {
    package struct Options: Sendable {
        /// A batch is closed when it has so many bytes in memory,
        package var batchBytes = 512 << 10
        /// or when its first line has waited so long, in nanoseconds.
        package var linger: Int64 = 500_000_000
        /// How often it is looked for files that have come or gone.
        package var discovery: Int64 = 2_000_000_000
        /// Milliseconds between looks at files while lines come, and while none do.
        package var busyMilliseconds: Int64 = 100
        package var idleMilliseconds: Int64 = 400

        package init() {}
    }

    package struct Counts: Hashable, Sendable {
        package var lines = 0
        package var bytes = 0
        package var batches = 0
        package var cutLines = 0
        /// Lines that a file or an input had beyond its rate.
        package var limitedLines = 0
        /// Bytes of files that were emptied before they were read.
        package var lostBytes = 0
        package var compressedFiles = 0
        package var files = 0
        /// How often the buffer took nothing, and reading waited.
        package var waits = 0

        package init() {}
    }

    private static let chunkBytes = 256 << 10
    private static let retryMilliseconds: Int64 = 1000

    private let sources: [LogFileSource]
    private let inputs: [any LogInput]
    private let spool: LogSpool
    private let options: Options
    private let events: LogEvents
    private let tails: FileTails
    private let packer = LogPacker()
    private let buffer: UnsafeMutableRawBufferPointer
    private var streams: [StreamKey: UInt32] = [:]
    private var rates: [LogFileKey: RateLimit] = [:]
    /// What the buffer did not take.
    private var pending: LogSpool.Batch?
    private var firstLine: Int64?
    private var lastLine: Int64 = 0
    private var nextDiscovery = Int64.min
    /// Whose turn is first.
    private var turn = 0
    private var limitedLines = 0
    private var batches = 0
    private var waits = 0
    private var scratch: [UInt8] = []
    /// Why the buffer has taken nothing, the last time it did not.
    package private(set) var failure: TelemetryProblem?

    private struct StreamKey: Hashable {
        var source: Int
        var path: String
        var output: String
    }

    package init(
        _ sources: [LogFileSource], on files: any LogFiles, inputs: [any LogInput] = [], events: LogEvents,
        spool: LogSpool, _ options: Options = Options()
    ) {
        self.sources = sources
        self.inputs = inputs
        self.spool = spool
        self.options = options
        self.events = events
        tails = FileTails(sources, on: files, places: Array(spool.places.files.values))
        buffer = .allocate(byteCount: Self.chunkBytes, alignment: 64)
    }

    deinit { buffer.deallocate() }

    package var counts: Counts {
        var counts = Counts()
        counts.lines = events.counts.lines
        counts.bytes = events.counts.bytes
        counts.batches = batches
        counts.cutLines = events.counts.cutLines
        counts.limitedLines = inputs.reduce(limitedLines) { $0 + $1.limitedLines }
        counts.lostBytes = tails.lostBytes
        counts.compressedFiles = tails.compressedFiles
        counts.files = tails.tails.count
        counts.waits = waits
        return counts
    }

    /// Reads what is there, up to a batch.
    /// - Parameter now: nanoseconds since 1970.
    /// - Returns: the milliseconds after which it is worth while to call again.
    package func step(at now: Int64) -> Int64 {
        guard flushPending() else { return Self.retryMilliseconds }
        let more = read(now)
        let isDue = firstLine.map { now - $0 >= options.linger || now < $0 } ?? tails.hasChanges
        if events.bytes >= options.batchBytes || isDue {
            guard flush(now) else { return Self.retryMilliseconds }
        }
        if more { return 0 }
        return now - lastLine < 10_000_000_000 ? options.busyMilliseconds : options.idleMilliseconds
    }

    /// Reads all that is there now into the buffer. Returns whether it took all.
    package func drain(at now: Int64) -> Bool {
        nextDiscovery = .min
        // A file that grows as fast as it is read would never be at its end.
        for _ in 0..<10_000 {
            guard flushPending() else { return false }
            let more = read(now)
            guard flush(now) else { return false }
            if !more { return true }
        }
        return false
    }

    private func read(_ now: Int64) -> Bool {
        events.now = now
        if now >= nextDiscovery || nextDiscovery > now + options.discovery {
            tails.discover(now: now)
            let known = Set(tails.tails.map(\.place.key))
            rates = rates.filter { known.contains($0.key) }
            nextDiscovery = now + options.discovery
        }
        tails.checkCopies()
        let before = events.lineCount
        var more = readFiles(now)
        for input in inputs where events.bytes < options.batchBytes {
            if input.read(into: events, bytesMax: Self.chunkBytes) { more = true }
        }
        if events.lineCount > before {
            lastLine = now
            if firstLine == nil { firstLine = now }
        }
        return more || events.bytes >= options.batchBytes
    }

    /// Every file has its turn, one piece of it, before one has a second.
    private func readFiles(_ now: Int64) -> Bool {
        let all = tails.tails
        guard !all.isEmpty else { return false }
        var more = false
        var replaced: [FileTail] = []
        for offset in all.indices {
            guard events.bytes < options.batchBytes else {
                turn = (turn + offset) % all.count
                return true
            }
            let tail = all[(turn + offset) % all.count]
            switch tail.look(buffer, now: now, emit: { self.take($0, of: tail, isCut: $1, now) }) {
            case .quiet(let isOver): if isOver { tails.remove(tail) }
            case .read(_, let hasMore): if hasMore { more = true }
            case .replaced: replaced.append(tail)
            }
        }
        turn = (turn + 1) % all.count
        guard !replaced.isEmpty else { return more }
        // Its copy, if there is one, is found before it is forgotten what was read.
        tails.discover(now: now)
        for tail in replaced { tails.replaced(tail) }
        return true
    }

    // MARK: Events

    private func take(_ event: UnsafeRawBufferPointer, of tail: FileTail, isCut: Bool, _ now: Int64) {
        let source = sources[tail.source]
        if let rateMax = source.rateMax {
            guard rates[tail.place.key, default: RateLimit(now: now, perSecond: rateMax)].admits(now: now) else {
                limitedLines += 1
                return
            }
        }
        guard case .output = source.form, let line = OutputLine(event) else {
            events.add(event, of: stream(tail, ""), isCut: isCut)
            return
        }
        let stream = stream(tail, line.source.rawValue)
        guard line.isPart else {
            events.add(line.text, of: stream, time: line.time, isCut: isCut)
            return
        }
        scratch.removeAll(keepingCapacity: true)
        for part in event.split(separator: UInt8(ascii: "\n")) {
            scratch +=
                OutputLine(UnsafeRawBufferPointer(rebasing: part))?.text ?? UnsafeRawBufferPointer(rebasing: part)
        }
        scratch.withUnsafeBytes { events.add($0, of: stream, time: line.time, isCut: isCut) }
    }

    private func stream(_ tail: FileTail, _ output: String) -> UInt32 {
        let key = StreamKey(source: tail.source, path: tail.place.origin, output: output)
        if let known = streams[key] { return known }
        let stream = events.register(sources[tail.source].label(tail.place.origin, output))
        streams[key] = stream
        return stream
    }

    // MARK: The buffer

    private func flush(_ now: Int64) -> Bool {
        guard !events.isEmpty || tails.hasChanges else { return true }
        var batch = LogSpool.Batch()
        batch.lines = events.lineCount
        batch.lineBytes = events.lineBytes
        if batch.lines > 0 {
            batch.bytes = packer.pack(events.take())
            batches += 1
        }
        (batch.places, batch.forgotten) = tails.exportChanges(now: now)
        for input in inputs { if let cursor = input.cursor { batch.cursors[input.name] = cursor } }
        firstLine = nil
        pending = batch
        return flushPending()
    }

    private func flushPending() -> Bool {
        guard let batch = pending else { return true }
        do throws(TelemetryProblem) {
            try spool.append(batch)
            pending = nil
            failure = nil
            return true
        } catch {
            failure = error
            waits += 1
            return false
        }
    }
}
