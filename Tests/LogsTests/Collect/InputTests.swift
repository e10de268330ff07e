import SystemPackage
import Telemetry
import Testing

@testable import Logs

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Lines that others send to a host")
struct InputTests {
    private func messages(_ batch: LogBatch) -> [String] {
        batch.lines.map { line in batch.withBytes(of: line.message) { String(decoding: $0, as: UTF8.self) } }
    }

    private func address(_ port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        return name
    }

    private func client(_ type: Int32, _ port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, type, 0)
        var name = address(port)
        _ = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    @Test("datagrams, and connections with both framings of RFC 6587")
    func syslog() throws {
        let events = LogEvents(seed: 1)
        let datagrams = try SyslogInput(.datagrams(address: "127.0.0.1", port: 0), labels: ["source": "syslog"])
        let udp = client(Socket.datagram, datagrams.port)
        defer { close(udp) }
        for text in ["<13>one\n", "<13>two"] { #expect(send(udp, text, text.utf8.count, 0) > 0) }
        // The loopback has delivered a datagram when `send` returns.
        #expect(!datagrams.read(into: events, bytesMax: 1 << 20))
        #expect(messages(events.take()) == ["<13>one", "<13>two"])

        let connections = try SyslogInput(.stream(address: "127.0.0.1", port: 0), labels: ["source": "syslog"])
        let tcp = client(Socket.stream, connections.port)
        let text = "7 <13>a\nb<14>line\n<14>last"
        #expect(send(tcp, text, text.utf8.count, 0) == text.utf8.count)
        close(tcp)
        for _ in 0..<3 { _ = connections.read(into: events, bytesMax: 1 << 20) }
        #expect(messages(events.take()) == ["<13>a\nb", "<14>line", "<14>last"])
    }

    @Test("a pipe of the journal: text, time, level, fields, cursor; what is damaged is passed over")
    func journal() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let input = JournalInput(ends[0], cursor: nil, labels: ["source": "journal"])
        let text =
            #"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1700000000000001","PRIORITY":"3","MESSAGE":"it broke","_PID":"7"}"#
            + "\n{\"MESSAGE\":\nnonsense\n" + #"{"__CURSOR":"s=2","MESSAGE":[104,105,255]}"# + "\n" + #"{"__CURS"#
        #expect(write(ends[1], text, text.utf8.count) == text.utf8.count)
        let events = LogEvents(seed: 1)
        events.now = 1_700_000_100_000_000_000
        _ = input.read(into: events, bytesMax: 1 << 20)
        let batch = events.take()
        #expect(messages(batch) == ["it broke", "hi\u{FFFD}"])
        #expect(batch.lines.first?.time == 1_700_000_000_000_001_000)
        #expect(batch.lines.first?.level == LogLevel.error.rawValue)
        #expect(batch.value(of: "pid", at: 0) { $0.map { String(decoding: $0, as: UTF8.self) } } == "7")
        #expect(input.cursor == "s=2" && input.damaged == 2 && !input.isOver)
        close(ends[1])
        _ = input.read(into: events, bytesMax: 1 << 20)
        #expect(input.isOver)
    }
}
