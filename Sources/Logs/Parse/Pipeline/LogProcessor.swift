/// Takes lines, does what a program says, and fills batches. For one thread.
package struct LogProcessor: ~Copyable {
    /// A line that is later than that from now has no right clock: it is kept at the time when it came.
    private static let futureMax: Int64 = 86_400 * 1_000_000_000
    /// Streams that fields of lines can make; those of more keep their fields and have no labels of their own.
    private static let labelledStreamsMax = 5000

    /// What happened to lines.
    package struct Counts: Hashable, Sendable {
        package var lines = 0
        /// A step said that they are not kept.
        package var dropped = 0
        /// They have not the form that a step demands.
        package var unparsed = 0
        /// Texts that took more steps than a pattern may.
        package var exhausted = 0
        /// Measured values that were left out: too many sets of tags.
        package var unmeasured = 0
    }

    package var builder: LogBatchBuilder
    package internal(set) var counts = Counts()
    let program: LogProgram?
    let room = PatternRoom()
    var measures = MeasureTable()
    var random: UInt64
    private let labels: [(label: String, fields: [UInt32])]
    private let seed: UInt64
    private var labelled: [UInt64: UInt32] = [:]

    /// - Parameters:
    ///   - program: what is done to lines; nil: nothing.
    ///   - labels: fields that become labels of streams.
    ///   - seed: a random number, so that nobody can know which names collide.
    package init(_ program: LogProgram? = nil, labels: LabelFields = .none, seed: UInt64) {
        self.program = program
        self.seed = seed
        random = seed
        builder = LogBatchBuilder(names: program?.names ?? [], seed: seed)
        var rules: [(label: String, fields: [UInt32])] = []
        for rule in labels.rules {
            rules.append((rule.label, []))
            for field in rule.fields { rules[rules.count - 1].fields.append(builder.keepName(field)) }
        }
        self.labels = rules
    }

    /// A line, without its newline.
    /// - Parameter now: nanoseconds since 1970; the line's time, if it says nothing of it.
    @inline(__always)
    package mutating func take(_ line: ByteView, stream: UInt32, now: Int64) {
        begin(line, stream: stream, now: now)
        finish()
    }

    /// Begins a line, of which more is known than its text: `builder.line` takes it before `finish`.
    @inline(__always)
    package mutating func begin(_ line: ByteView, stream: UInt32, now: Int64) {
        builder.line.begin(line, stream: stream, now: now)
    }

    package mutating func finish() {
        counts.lines &+= 1
        if let program {
            for pipeline in program.pipelines {
                if case .all = pipeline.lines {} else if !builder.fulfils(pipeline.lines) { continue }
                run(pipeline.steps)
                if builder.line.isDropped {
                    counts.dropped += 1
                    return
                }
            }
        }
        if builder.line.time > builder.line.now &+ Self.futureMax { holdBack() }
        if !labels.isEmpty, builder.line.fieldCount > 0 { label() }
        // Documents often carry a line with its end.
        while let last = builder.line.message.last, last == 0x0A || last == 0x0D {
            builder.line.message = builder.line.message.slice(0, builder.line.message.count - 1)
        }
        builder.finish()
    }

    /// Lines that somebody else has read. Their fields stay, and the program is run over them.
    package mutating func take(_ batch: LogBatch) {
        let streams = batch.streams.map { builder.stream($0) }
        let names = batch.names.map { builder.name($0) }
        batch.bytes.withUnsafeBytes { bytes in
            let base = bytes.baseAddress ?? ByteView.empty.start
            for line in batch.lines {
                let message = ByteView(base + Int(line.message.start), Int(line.message.count))
                begin(message, stream: streams[Int(line.stream)], now: line.time)
                builder.line.level = LogLevel(rawValue: line.level) ?? .none
                let first = Int(line.firstField)
                for field in batch.fields[first..<first + Int(line.fieldCount)] {
                    let value = ByteView(base + Int(field.value.start), Int(field.value.count))
                    builder.line.set(names[Int(field.name)], value)
                }
                finish()
            }
        }
    }

    package mutating func takeBatch() -> LogBatch { builder.takeBatch() }

    /// What lines said since the last call.
    package mutating func takeMeasures() -> [LogMeasure] { measures.takeAll() }

    private mutating func holdBack() {
        builder.line.set(ProgramNames.claimedTime, builder.line.scratch.copy(LogTime.text(builder.line.time).utf8))
        builder.line.time = builder.line.now
    }

    private mutating func label() {
        var hash = ByteHash.step(seed, UInt64(builder.line.stream))
        var found = false
        for (index, rule) in labels.enumerated() {
            for field in rule.fields {
                guard let value = builder.line.value(field), !value.isEmpty, value.count <= 256 else { continue }
                hash = ByteHash.hash(value, seed: ByteHash.step(hash, UInt64(index)))
                found = true
                break
            }
        }
        guard found else { return }
        // With a seed that nobody knows, two different sets do not meet in 64 bits.
        var number = labelled[hash]
        if number == nil {
            guard labelled.count < Self.labelledStreamsMax else { return }
            number = makeStream()
            labelled[hash] = number
        }
        for rule in labels {
            for field in rule.fields {
                guard let value = builder.line.value(field), !value.isEmpty, value.count <= 256 else { continue }
                builder.line.remove(field)
                break
            }
        }
        builder.line.stream = number!
    }

    private mutating func makeStream() -> UInt32 {
        var all = builder.stream(at: builder.line.stream).labels
        for rule in labels {
            for field in rule.fields {
                guard let value = builder.line.value(field), !value.isEmpty, value.count <= 256 else { continue }
                all.append(LogStream.Label(rule.label, value.text))
                break
            }
        }
        return builder.stream(LogStream(all))
    }
}
