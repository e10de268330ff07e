package import Telemetry

/// Elasticsearch's `_bulk`: an action a line, and a document in the line behind it. Source: Elasticsearch's reference,
/// "Bulk API". Lines are added; what would change or delete one is refused, item by item.
package enum ElasticBulk {
    /// - Parameters:
    ///   - index: what documents without an index of their own go to.
    ///   - stream: labels of all lines; the index is another.
    ///   - now: nanoseconds since 1970: the time of documents that have none.
    /// - Throws: `logs.request` if an action is none, as its document cannot be told from an action then;
    ///   `logs.request-size`. What was taken before is not to be kept.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, index: String?, stream: LogStream, now: Int64,
        into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> ElasticAnswer {
        var reader = ElasticBulkReader(ByteView(bytes), index: index, stream: stream, now: now)
        return try reader.read(into: &processor)
    }
}

struct ElasticBulkReader {
    private static let indexBytesMax = 255

    private let body: ByteView
    private let stream: LogStream
    private let now: Int64
    private var answer: ElasticAnswer
    private var from = 0
    /// By the number of an index in the answer: its stream.
    private var streams: [UInt32] = []
    /// The action before, whose index is looked for first.
    private var lastIndex = ByteView.empty
    private var lastNumber = 0
    private var numbers: [String: Int] = [:]
    private let defaultIndex: String

    init(_ body: ByteView, index: String?, stream: LogStream, now: Int64) {
        self.body = body
        self.stream = stream
        self.now = now
        defaultIndex = index ?? "logs"
        answer = ElasticAnswer()
    }

    mutating func read(into processor: inout LogProcessor) throws(TelemetryProblem) -> ElasticAnswer {
        while let line = nextLine() {
            if line.isEmpty { continue }
            guard let action = ElasticAction(line) else {
                throw LogIntake.unreadable(
                    "an action and a document in turn, a line each",
                    "Line \(lineNumber) is no action: \"\(line.slice(0, min(line.count, 80)).text)\".")
            }
            try LogIntake.checkRoom(processor, lines: answer.count)
            let number = try number(of: action, &processor)
            if action.kind == .delete {
                answer.add(action.kind, index: number, refusal: .changes)
                continue
            }
            guard let document = nextLine() else {
                answer.add(action.kind, index: number, refusal: .missing)
                break
            }
            if action.kind == .update {
                answer.add(action.kind, index: number, refusal: .changes)
                continue
            }
            processor.begin(document, stream: streams[number], now: now)
            guard JSONForm.parse(document, &processor.builder) else {
                answer.add(action.kind, index: number, refusal: .document)
                continue
            }
            processor.finish()
            answer.add(action.kind, index: number, refusal: nil)
        }
        return answer
    }

    private var lineNumber: Int {
        var (count, place) = (0, 0)
        while let end = body.index(of: 0x0A, from: place), end < from {
            count += 1
            place = end + 1
        }
        return max(count, 1)
    }

    @inline(__always)
    private mutating func nextLine() -> ByteView? {
        guard from < body.count else { return nil }
        let end = body.index(of: 0x0A, from: from) ?? body.count
        defer { from = end + 1 }
        return PushedLines.withoutReturn(body.slice(from, end))
    }

    @inline(__always)
    private mutating func number(
        of action: ElasticAction, _ processor: inout LogProcessor
    ) throws(TelemetryProblem) -> Int {
        if !streams.isEmpty, action.index.equals(lastIndex) { return lastNumber }
        let given = action.index
        let name = given.isEmpty ? defaultIndex : given.slice(0, min(given.count, Self.indexBytesMax)).text
        let number: Int
        if let known = numbers[name] {
            number = known
        } else {
            guard streams.count < LogIntake.streamsMax else { throw LogIntake.tooMany() }
            number = streams.count
            numbers[name] = number
            streams.append(processor.builder.stream(LogStream(stream.labels + [.init("index", name)])))
            answer.indices.append(name)
        }
        (lastIndex, lastNumber) = (given, number)
        return number
    }
}

/// The first line of an item: `{"create":{"_index":"logs"}}`.
struct ElasticAction {
    enum Kind: UInt8 {
        case index, create, update, delete

        var word: String {
            switch self {
            case .index: "index"
            case .create: "create"
            case .update: "update"
            case .delete: "delete"
            }
        }
    }

    let kind: Kind
    /// Empty if it says none.
    private(set) var index = ByteView.empty

    init?(_ line: ByteView) {
        var cursor = JSONCursor(line)
        cursor.skipBlanks()
        guard cursor.take(0x7B) else { return nil }
        cursor.skipBlanks()
        guard let (word, _) = cursor.rawString(), let kind = Self.kind(word) else { return nil }
        self.kind = kind
        cursor.skipBlanks()
        guard cursor.take(0x3A) else { return nil }
        cursor.skipBlanks()
        guard cursor.take(0x7B) else { return nil }
        cursor.skipBlanks()
        if !cursor.take(0x7D), !readMembers(&cursor) { return nil }
        cursor.skipBlanks()
        guard cursor.take(0x7D) else { return nil }
        cursor.skipBlanks()
        if cursor.next != nil { return nil }
    }

    private static func kind(_ word: ByteView) -> Kind? {
        if word.equals("index") { return .index }
        if word.equals("create") { return .create }
        if word.equals("update") { return .update }
        return word.equals("delete") ? .delete : nil
    }

    private mutating func readMembers(_ cursor: inout JSONCursor) -> Bool {
        repeat {
            cursor.skipBlanks()
            guard let (key, _) = cursor.rawString() else { return false }
            cursor.skipBlanks()
            guard cursor.take(0x3A) else { return false }
            cursor.skipBlanks()
            if key.equals("_index"), cursor.next == 0x22 {
                guard let (name, _) = cursor.rawString() else { return false }
                index = name
            } else if cursor.skipValue() == nil {
                return false
            }
            cursor.skipBlanks()
        } while cursor.take(0x2C)
        return cursor.take(0x7D)
    }
}
