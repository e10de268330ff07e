internal import Synchronization
package import Telemetry

/// Turns what comes as syslog into lines of one batch, for all who receive it; who keeps lines takes the batch out.
///
/// A message's envelope (RFC 5424, RFC 3164) is taken off before git's pipelines see the line: they know its host and
/// its app, and its content is the message. `host` and `app` become labels. A line that names no host has the address
/// that it came from.
package final class SyslogIntake: @unchecked Sendable {
    // Unchecked: all that changes is changed under `lock`.

    /// A batch that has so many bytes need not wait for more.
    package static let batchBytes = 1 << 20
    /// Bytes that may wait to be kept. With more, nobody should receive.
    private static let batchBytesMax = 8 << 20
    /// Bytes of lines without an end, of all senders.
    private static let openBytesMax = 64 << 20
    /// Lines after which labels that were seen are forgotten: there may be only so many of them.
    private static let linesOfProcessor = 20_000_000

    private let lock = Mutex(())
    private var processor: LogProcessor
    private var version: Int
    private var stream: UInt32
    private var linesBegun = 0
    private var known = SyslogCounts()
    private var openBytes = 0
    private let clock: @Sendable () -> Int64
    private let onLines: @Sendable () -> Void

    private static let labels: LogStream = ["source": "syslog"]

    /// What is done to lines.
    package struct Rules: Sendable {
        package var program: LogProgram
        /// Another one with each change of the program.
        package var version: Int

        package init(program: LogProgram, version: Int) {
            self.program = program
            self.version = version
        }

        fileprivate func processor() -> LogProcessor {
            LogProcessor(program, labels: .usual, seed: .random(in: 0 ... .max))
        }
    }

    /// - Parameters:
    ///   - clock: nanoseconds since 1970.
    ///   - onLines: called when the batch is no longer empty, and when it need not wait for more.
    package init(
        _ rules: Rules, clock: @escaping @Sendable () -> Int64, onLines: @escaping @Sendable () -> Void
    ) {
        processor = rules.processor()
        version = rules.version
        stream = processor.builder.stream(Self.labels)
        self.clock = clock
        self.onLines = onLines
    }

    package var counts: SyslogCounts { lock.withLock { _ in known } }

    /// Bytes of the batch.
    package var batchBytes: Int { lock.withLock { _ in processor.builder.byteCount } }

    /// Whether lines can come. Who receives waits otherwise.
    package var hasRoom: Bool { lock.withLock { _ in processor.builder.byteCount < Self.batchBytesMax } }

    package func count(_ change: (inout SyslogCounts) -> Void) { lock.withLock { _ in change(&known) } }

    /// Bytes of a connection.
    /// - Returns: false if it is to be closed: too much waits for its end.
    package func take(_ bytes: UnsafeRawBufferPointer, of sender: SyslogSender) -> Bool {
        adding {
            let now = clock()
            sender.stream.take(bytes) { line, cutFrom in
                add(line, cutFrom, now) { sender.address.withUnsafeBytes($0) }
            }
            note(sender, waiting: sender.stream.waitingBytes)
            guard openBytes > Self.openBytesMax else { return true }
            note(sender, waiting: 0)
            known.connectionsRefused += 1
            return false
        }
    }

    /// The end of a connection: what is left of it is a line.
    package func finish(_ sender: SyslogSender) {
        adding {
            let now = clock()
            sender.stream.finish { line, cutFrom in
                add(line, cutFrom, now) { sender.address.withUnsafeBytes($0) }
            }
            note(sender, waiting: 0)
        }
    }

    /// Whatever waits at a socket for datagrams, a message each.
    /// - Returns: whether there may be more.
    package func takeDatagrams(of descriptor: Int32, _ slab: DatagramSlab) -> Bool {
        adding {
            let now = clock()
            let more = slab.receive(descriptor) { datagram in
                var end = datagram.bytes.count
                while end > 0, [0x0A, 0x0D, 0].contains(datagram.bytes[end - 1]) { end -= 1 }
                guard end > 0 else { return }
                let line = ByteView(UnsafeRawBufferPointer(rebasing: datagram.bytes[..<end]))
                add(line, nil, now) { body in
                    var address = slab.sender(of: datagram)
                    return address.withUTF8 { body(UnsafeRawBufferPointer($0)) }
                }
            }
            known.datagramsDropped += slab.takeDrops(descriptor)
            return more
        }
    }

    /// The batch, and what its lines say for the metrics; nil if there are no lines.
    /// - Parameter rules: for the lines that come from now on.
    package func takeBatch(_ rules: Rules) -> (batch: LogBatch, measures: [LogMeasure])? {
        lock.withLock { _ in
            guard !processor.builder.isEmpty else {
                // All lines may have been dropped, and measured before.
                let measures = processor.takeMeasures()
                renew(rules)
                return measures.isEmpty ? nil : (LogBatch(), measures)
            }
            let batch = processor.takeBatch()
            let measures = processor.takeMeasures()
            renew(rules)
            return (batch, measures)
        }
    }

    private func renew(_ rules: Rules) {
        guard rules.version != version || linesBegun > Self.linesOfProcessor else { return }
        processor = rules.processor()
        version = rules.version
        stream = processor.builder.stream(Self.labels)
        linesBegun = 0
    }

    private func adding<Result>(_ body: () -> Result) -> Result {
        let (result, isNews) = lock.withLock { _ in
            let (lines, bytes) = (known.lines, processor.builder.byteCount)
            let wasEmpty = processor.builder.isEmpty
            let result = body()
            let isFull = bytes < Self.batchBytes && processor.builder.byteCount >= Self.batchBytes
            return (result, wasEmpty && known.lines > lines || isFull)
        }
        if isNews { onLines() }
        return result
    }

    private func note(_ sender: SyslogSender, waiting: Int) {
        openBytes += waiting - sender.waitingBytes
        sender.waitingBytes = waiting
    }

    private func add(
        _ line: ByteView, _ cutFrom: Int?, _ now: Int64,
        _ withAddress: ((UnsafeRawBufferPointer) -> Void) -> Void
    ) {
        known.lines += 1
        known.bytes += line.count
        linesBegun += 1
        processor.begin(line, stream: stream, now: now)
        if let cutFrom {
            known.cutLines += 1
            processor.builder.line.set(
                ProgramNames.cut, processor.builder.line.scratch.copy("\(cutFrom)".utf8))
        }
        _ = LineForms.parse(line, as: .syslog, &processor.builder)
        if processor.builder.line.value(ProgramNames.host) == nil {
            withAddress { address in
                guard !address.isEmpty else { return }
                processor.builder.line.set(ProgramNames.host, processor.builder.line.scratch.copy(address))
            }
        }
        processor.finish()
    }
}
