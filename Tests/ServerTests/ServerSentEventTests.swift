import Testing
import Wire

@Suite("Server-Sent Events")
struct ServerSentEventTests {
    @Test("What is written is read again, however the bytes are cut", arguments: [1, 2, 3, 7, 1000])
    func roundTrip(size: Int) throws {
        let events = [
            ServerSentEvent(id: "1", name: "output", data: "one\ntwo"), ServerSentEvent(id: "2", data: ""),
            ServerSentEvent(name: "end", data: "{}"),
        ]
        let bytes = Array(("retry: 1\n\n:\n\n" + events.map(\.encoded).joined()).utf8)
        var parser = ServerSentEventParser()
        var read: [ServerSentEvent] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let events = parser.receive(bytes[start..<min(start + size, bytes.count)])
            read += try #require(events)
        }
        #expect(read.map(\.data) == ["one\ntwo", "", "{}"])
        #expect(read.map(\.name) == ["output", "message", "end"])
    }

    @Test("No text can add a field or end the event early")
    func injection() throws {
        var parser = ServerSentEventParser()
        let event = ServerSentEvent(id: "1\nevent: evil", name: "a\r\nb", data: "x\r\rid: 9\n\ndata: y\r\nz")
        let received = parser.receive(event.encoded.utf8)
        let read = try #require(received)
        #expect(read.count == 1)
        #expect(read.first?.name == "ab")
        #expect(read.first?.data == "x\n\nid: 9\n\ndata: y\nz")
    }

    @Test("Lines may end in three ways, and an unfinished event is dropped")
    func lineEnds() throws {
        var parser = ServerSentEventParser()
        let received = parser.receive("\u{FEFF}data: a\r\rdata: b\r\n\r\ndata:c\n\ndata: d\n".utf8)
        let read = try #require(received)
        #expect(read.map(\.data) == ["a", "b", "c"])
    }

    @Test("An endless line is given up")
    func endless() {
        var parser = ServerSentEventParser()
        let received = parser.receive([UInt8](repeating: 65, count: ServerSentEventParser.lineBytesMax + 1))
        #expect(received == nil)
    }
}
