import Core
import NIOCore
import Testing

@testable import Wire

@Suite("Frames")
struct FrameTests {
    private func encoded(_ frame: Frame) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        try FrameEncoder().encode(data: frame, out: &buffer)
        return buffer
    }

    @Test("A frame that arrives byte by byte is the frame that was sent")
    func bytewise() throws {
        let frames = [
            try Frame(AgentMessage.heartbeat(sequence: 7)),
            Frame.packageBytes(request: 42, ByteBuffer(bytes: [1, 2, 3])),
            Frame.packageBytes(request: .max, ByteBuffer()),
            Frame.logs(LogParcel(number: 7, buffer: .max, bytes: ByteBuffer(bytes: [4, 5]))),
        ]
        var decoder = FrameDecoder()
        var buffer = ByteBuffer()
        var found: [Frame] = []
        for frame in frames {
            for byte in try encoded(frame).readableBytesView {
                buffer.writeInteger(byte)
                if let frame = try decoder.next(from: &buffer) { found.append(frame) }
            }
        }
        #expect(found == frames)
        #expect(buffer.readableBytes == 0)
    }

    @Test("A gigabyte that is announced is refused before it comes", arguments: [1 << 30, UInt32.max, 0, 65_537])
    func hugeLength(length: UInt32) {
        var buffer = ByteBuffer(integer: length)
        var decoder = FrameDecoder()
        #expect(throws: Problem.self) { try decoder.next(from: &buffer) }
    }

    @Test("After its first frame a peer may send larger ones, up to the limit")
    func largerAfterTheFirst() throws {
        var decoder = FrameDecoder()
        var buffer = try encoded(.message(ByteBuffer(string: "{}")))
        _ = try decoder.next(from: &buffer)
        buffer.writeImmutableBuffer(try encoded(.packageBytes(request: 1, ByteBuffer(repeating: 9, count: 1 << 20))))
        #expect(try decoder.next(from: &buffer) != nil)
        buffer.writeInteger(UInt32(AgentProtocol.frameBytesMax + 1))
        #expect(throws: Problem.self) { try decoder.next(from: &buffer) }
    }

    @Test("An unknown kind is refused at its byte")
    func unknownKind() {
        var buffer = ByteBuffer(bytes: [0, 0, 1, 0, UInt8(ascii: "G")])
        var decoder = FrameDecoder()
        #expect(throws: Problem.self) { try decoder.next(from: &buffer) }
    }

    @Test("Package bytes without the number of a request are refused")
    func shortPackageBytes() {
        var buffer = ByteBuffer(bytes: [0, 0, 0, 3, UInt8(ascii: "B"), 1, 2])
        var decoder = FrameDecoder()
        #expect(throws: Problem.self) { try decoder.next(from: &buffer) }
    }

    @Test(
        "A message that is none of ours is a problem, not a crash",
        arguments: [
            "", "{", "null", "[]", #"{"hello":{}}"#, #"{"hello":1}"#, #"{"unknown":{}}"#,
            #"{"heartbeat":{"sequence":1e999}}"#, #"{"report":{"_0":{"host":"../../etc"}}}"#,
            #"{"heartbeat":{"sequence":NaN}}"#,
        ])
    func hostileMessages(text: String) {
        let frame = Frame.message(ByteBuffer(string: text))
        #expect(throws: Problem.self) { try frame.messageFromAgent }
        #expect(throws: Problem.self) { try frame.messageFromServer }
    }

    @Test("Neither depth nor a zero byte upsets the reading of a message")
    func deepMessage() {
        for text in [String(repeating: "[", count: 60_000), "\u{0}"] {
            let frame = Frame.message(ByteBuffer(string: text))
            #expect(throws: Problem.self) { try frame.messageFromAgent }
        }
    }

    @Test("A message that is too long for a frame is not sent")
    func longMessage() {
        let lines = [String(repeating: "x", count: AgentProtocol.frameBytesMax)]
        #expect(throws: Problem.self) { try Frame(AgentMessage.outputLines(request: 1, lines: lines, isEnd: false)) }
    }

    @Test("What is sent in one version is written down: the words of the JSON")
    func words() throws {
        guard case .message(let json) = try Frame(AgentMessage.heartbeat(sequence: 3)) else { return }
        #expect(String(buffer: json) == #"{"heartbeat":{"sequence":3}}"#)
    }

    @Test(
        "A heartbeat is read and written as JSON would be, at once or not",
        arguments: [0, 7, 999_999_999_999_999_999, 1_000_000_000_000_000_000, Int64.max, -1])
    func heartbeats(sequence: Int64) throws {
        let frame = try Frame(AgentMessage.heartbeat(sequence: sequence))
        guard case .message(let json) = frame else { return }
        #expect(String(buffer: json) == #"{"heartbeat":{"sequence":\#(sequence)}}"#)
        #expect(try Frame(ServerMessage.heartbeat(sequence: sequence)) == frame)
        guard case .heartbeat(sequence) = try frame.messageFromAgent else {
            Issue.record("not the same heartbeat")
            return
        }
    }

    @Test(
        "What is almost a heartbeat is none, or what JSON takes it for",
        arguments: [
            (#"{"heartbeat":{"sequence":}}"#, nil), (#"{"heartbeat":{"sequence":007}}"#, nil),
            (#"{"heartbeat":{"sequence":1.5}}"#, nil), (#"{"heartbeat":{"sequence":99999999999999999999}}"#, nil),
            (#"{ "heartbeat":{"sequence":5}}"#, 5), (#"{"heartbeat":{"sequence":5}} "#, 5),
        ] as [(String, Int64?)])
    func almost(text: String, sequence: Int64?) throws {
        let message = try? Frame.message(ByteBuffer(string: text)).messageFromAgent
        if case .heartbeat(let found) = message { #expect(found == sequence) } else { #expect(sequence == nil) }
    }
}
