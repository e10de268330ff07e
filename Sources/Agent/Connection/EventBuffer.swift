package import Core
import FoundationEssentials
package import Logging
import Synchronization
import SystemPackage
package import Wire

/// What happened on the host, kept until the server has it: in a file, so that it survives the
/// agent, and bounded, so that a server that stays away fills no disk.
///
/// The file is lines of JSON: first a header with the next sequence, then an event a line, and
/// lines that say how far the server has them. A line that a crash cut short is dropped. It is
/// written through the page cache: events survive a crash of the agent, and of the host all but
/// the last seconds of them.
package final class EventBuffer: Sendable {
    package static let eventsMax = 10_000
    private static let textBytesMax = 4096
    /// Lines that may be in the file without being needed, before it is written anew.
    private static let wasteMax = 1000
    private static let fileName = "events.jsonl"

    private struct Header: Codable {
        var nextSequence: Int64
        var dropped: Int
    }

    private struct Acknowledgement: Codable {
        var acknowledged: Int64
    }

    private struct State {
        var header: Header
        var events: [AgentEvent]
        var waste = 0
        var file: FileDescriptor?
    }

    private let path: String
    private let eventsMax: Int
    private let logger: Logger
    private let state: Mutex<State>
    private let signal: AsyncStream<Void>.Continuation
    /// Has an element after something was recorded. For one reader.
    let recorded: AsyncStream<Void>

    /// - Parameter folder: the agent's root folder.
    /// - Throws: `file.failed`.
    package init(folder: String, eventsMax: Int = eventsMax, logger: Logger) throws(Problem) {
        path = "\(folder)/\(Self.fileName)"
        self.eventsMax = eventsMax
        self.logger = logger
        try PrivateFile.makeFolder(folder)
        state = Mutex(Self.parse(try PrivateFile.read(path) ?? []))
        (recorded, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { rewrite(&$0) }
    }

    deinit { state.withLock { try? $0.file?.close() } }

    /// Events that had to go before the server had them.
    package var droppedCount: Int { state.withLock { $0.header.dropped } }

    package func record(_ kind: AgentEvent.Kind, instance: InstanceID? = nil, text: String, at now: Instant) {
        state.withLock { state in
            let event = AgentEvent(
                sequence: state.header.nextSequence, at: now, kind: kind, instance: instance,
                text: Self.shortened(text))
            state.header.nextSequence += 1
            state.events.append(event)
            if state.events.count > eventsMax {
                state.events.removeFirst()
                state.header.dropped += 1
                state.waste += 1
            }
            if state.waste > Self.wasteMax { rewrite(&state) } else { append(event, to: state.file) }
        }
        signal.yield()
    }

    /// The oldest events after that sequence.
    func events(after sequence: Int64, max count: Int) -> [AgentEvent] {
        state.withLock { state in Array(state.events.lazy.filter { $0.sequence > sequence }.prefix(count)) }
    }

    /// The server has all events up to that sequence.
    func acknowledge(through sequence: Int64) {
        state.withLock { state in
            let count = state.events.prefix { $0.sequence <= sequence }.count
            guard count > 0 else { return }
            state.events.removeFirst(count)
            state.waste += count + 1
            if state.waste > Self.wasteMax {
                rewrite(&state)
            } else {
                append(Acknowledgement(acknowledged: sequence), to: state.file)
            }
        }
    }

    private static func parse(_ bytes: [UInt8]) -> State {
        let decoder = JSONDecoder()
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let header = lines.first.flatMap { try? decoder.decode(Header.self, from: Data($0)) }
        var events = lines.dropFirst().compactMap { try? decoder.decode(AgentEvent.self, from: Data($0)) }
        // Lines after the header may be younger than it.
        let next = max(header?.nextSequence ?? 1, (events.last?.sequence ?? 0) + 1)
        let acknowledged = lines.dropFirst().compactMap { line in
            (try? decoder.decode(Acknowledgement.self, from: Data(line)))?.acknowledged
        }.max()
        if let acknowledged { events.removeAll { $0.sequence <= acknowledged } }
        return State(header: Header(nextSequence: next, dropped: header?.dropped ?? 0), events: events)
    }

    private func append(_ line: some Encodable, to file: FileDescriptor?) {
        do {
            guard let file else { throw Errno.badFileDescriptor }
            _ = try file.writeAll(try JSONEncoder().encode(line) + [UInt8(ascii: "\n")])
        } catch {
            logger.error("an event, or that the server has it, is not on disk", metadata: ["error": "\(error)"])
        }
    }

    /// A disk that is full or broken must not stop the agent: its events are then in memory only.
    private func rewrite(_ state: inout State) {
        do {
            let encoder = JSONEncoder()
            var lines = try encoder.encode(state.header) + [UInt8(ascii: "\n")]
            for event in state.events { lines += try encoder.encode(event) + [UInt8(ascii: "\n")] }
            try PrivateFile.write(lines, to: path)
            try? state.file?.close()
            state.file = try FileDescriptor.open(FilePath(path), .writeOnly, options: [.append, .closeOnExec])
            state.waste = 0
        } catch {
            logger.error("events are not on disk", metadata: ["error": "\(error)"])
        }
    }

    private static func shortened(_ text: String) -> String {
        text.utf8.count <= textBytesMax ? text : String(decoding: text.utf8.prefix(textBytesMax), as: UTF8.self) + "…"
    }
}
