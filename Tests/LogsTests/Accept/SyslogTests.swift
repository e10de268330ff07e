import Synchronization
import Telemetry
import Testing

@testable import Logs

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Syslog that comes to a server")
struct SyslogTests {
    private let intake: SyslogIntake

    private static func rules(_ steps: [LogStep] = [.parse(.auto)], version: Int = 0) throws -> SyslogIntake.Rules {
        SyslogIntake.Rules(
            program: try LogProgram([LogPipeline(name: "test", steps: steps)]), version: version)
    }

    init() throws { intake = SyslogIntake(try Self.rules(), clock: { noon }) {} }

    private func take(_ text: String, of sender: SyslogSender, packet: Int = 7) {
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: packet) {
            bytes[start..<min(start + packet, bytes.count)].withUnsafeBytes { _ = intake.take($0, of: sender) }
        }
    }

    private func lines() throws -> [ParsedLine] { intake.takeBatch(try Self.rules())?.batch.parsed ?? [] }

    @Test("An envelope gives labels, level and fields, and what is in it is read by git's pipelines")
    func envelopes() throws {
        let sender = SyslogSender(address: "192.0.2.7")
        take(
            """
            <156>1 2026-11-21T11:59:58.5Z web-1 shop 42 ID7 [order@1 id="12" by="a\\"b"] {"level":"debug","n":1}
            <13>Nov 21 11:59:59 web-2 sshd[7]: it is open
            <14>kernel: no time, no host
            {"no":"envelope"}
            <999>no priority
            <>
            <13>

            """, of: sender)
        let lines = try lines()
        #expect(
            lines.map(\.description) == [
                #"debug||facility=local3 msgid=ID7 n=1 order@1.by=a"b order@1.id=12 pid=42"#,
                "notice|it is open|facility=user pid=7", "info|no time, no host|facility=user", "||no=envelope",
                "|<999>no priority|", "|<>|", "notice||facility=user",
            ])
        #expect(
            lines.map { $0.stream["host"] }
                == ["web-1", "web-2", "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7"])
        #expect(lines.map { $0.stream["app"] } == ["shop", "sshd", "kernel", nil, nil, nil, nil])
        #expect(lines.prefix(2).map(\.time) == ["2026-11-21T11:59:58.500000000Z", "2026-11-21T11:59:59.000000000Z"])
        #expect(lines.allSatisfy { $0.stream["source"] == "syslog" })
    }

    @Test("A pipeline that was written for whole messages finds nothing left to do")
    func wholeMessages() throws {
        let intake = SyslogIntake(try Self.rules([.parse(.syslog)]), clock: { noon }) {}
        let sender = SyslogSender(address: "::1")
        Array("<13>1 - web-1 shop - - - said\n".utf8).withUnsafeBytes { _ = intake.take($0, of: sender) }
        let batch = intake.takeBatch(try Self.rules([.set("who", to: "${app}")], version: 1))?.batch
        #expect(batch?.parsed.map(\.description) == ["notice|said|facility=user"])
        // The rules that were given then hold from now on.
        Array("<13>1 - web-1 shop - - - again\n".utf8).withUnsafeBytes { _ = intake.take($0, of: sender) }
        #expect(intake.takeBatch(try Self.rules())?.batch.parsed.first?.fields["who"] == "shop")
    }

    @Test("Of what is too long the beginning is kept and counted; who sends no end at all is hung up on")
    func tooLong() throws {
        let (one, other) = (SyslogSender(address: "192.0.2.1"), SyslogSender(address: "192.0.2.2"))
        let long = String(repeating: "x", count: 10_000_000)
        take("<13>" + long + "\n<13>next\n10000004 <13>" + long + "<14>last\n", of: one, packet: 65_536)
        let lines = try lines()
        #expect(lines.map(\.message.utf8.count) == [(1 << 20) - 4, 4, (1 << 20) - 4, 4])
        #expect(lines.map { $0.fields["cut"] } == ["10000004", nil, "10000004", nil] || lines[0].fields["cut"] != nil)
        #expect(intake.counts.cutLines == 2)
        // No memory of the server for those who never end a line: 64 MiB for all of them.
        var open = 0
        let piece = [UInt8](repeating: 0x78, count: 1 << 20)
        let many = (0..<80).map { SyslogSender(address: "192.0.2.\($0)") }
        for sender in many { piece.withUnsafeBytes { open += intake.take($0, of: sender) ? 1 : 0 } }
        #expect(open == 64 && intake.counts.connectionsRefused == 16)
        for sender in many { intake.finish(sender) }
        take("999999999 <13>swallowed", of: other)
        intake.finish(other)
        #expect(try self.lines().allSatisfy { $0.message.utf8.count <= 1 << 20 })
        #expect(intake.takeBatch(try Self.rules()) == nil)
    }

    @Test("Any bytes are taken, wherever they are cut")
    func anyBytes() throws {
        let pieces = [
            "<13>", "1 - h a - - - ", "12 ", "\u{1B}[31m", "[a b=\"", "]", "\r\n", "\u{0}", "<191>1 ", "é", "{",
        ]
        for round in 0..<300 {
            let sender = SyslogSender(address: "192.0.2.1", lineBytesMax: 64)
            var bytes: [UInt8] = []
            for _ in 0..<40 {
                bytes += Bool.random() ? Array(pieces.randomElement()!.utf8) : [UInt8.random(in: 0...255)]
            }
            var from = 0
            while from < bytes.count {
                let to = min(bytes.count, from + Int.random(in: 1...9))
                bytes[from..<to].withUnsafeBytes { _ = intake.take($0, of: sender) }
                from = to
            }
            intake.finish(sender)
            #expect(sender.waitingBytes == 0, "round \(round): \(bytes)")
        }
        let batch = try #require(intake.takeBatch(try Self.rules())?.batch)
        #expect(batch.lines.count == intake.counts.lines)
        #expect(try LogBatch(encoded: batch.encoded).lines.count == batch.lines.count)
    }

    @Test("While there is no room, nobody is listened to; then all is there")
    func backPressure() throws {
        let news = Atomic(0)
        let intake = SyslogIntake(try Self.rules(), clock: { noon }) { news.add(1, ordering: .relaxed) }
        let listener = try SyslogListener(address: "127.0.0.1", port: 0, into: intake)
        let line = Array(("<13>1 - web-1 shop - - - " + String(repeating: "word ", count: 200) + "\n").utf8)
        let descriptor = try client(Socket.stream, listener.port)
        let total = 40_000
        let sending = try OSThread("sender") {
            for _ in 0..<total {
                var sent = 0
                while sent < line.count {
                    let count = line[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
                    guard count > 0 else { return }
                    sent += count
                }
            }
            close(descriptor)
        }
        while intake.hasRoom { usleep(1000) }
        // What is in hand when there is no room left comes to it.
        #expect(intake.batchBytes < 9 << 20)
        var kept = 0
        while kept < total {
            kept += intake.takeBatch(try Self.rules())?.batch.lines.count ?? 0
            usleep(1000)
        }
        sending.join()
        listener.stop()
        #expect(kept == total && intake.counts.lines == total && intake.counts.connections == 0)
        #expect(news.load(ordering: .relaxed) > 1)
    }

    @Test("Datagrams and connections come to one port; what came before the end is kept")
    func listener() throws {
        let listener = try SyslogListener(address: "127.0.0.1", port: 0, into: intake)
        let (udp, tcp) = (try client(Socket.datagram, listener.port), try client(Socket.stream, listener.port))
        for text in ["<13>1 - web-1 shop - - - by udp", "<13>by udp too\n"] {
            #expect(send(udp, text, text.utf8.count, 0) > 0)
        }
        let text = "<13>1 - web-1 shop - - - by tcp"
        #expect(send(tcp, text, text.utf8.count, 0) == text.utf8.count)
        while intake.counts.connections == 0 { usleep(1000) }
        listener.stop()
        close(udp)
        close(tcp)
        let lines = try lines().sorted { $0.message < $1.message }
        #expect(lines.map(\.message) == ["by tcp", "by udp", "by udp too"])
        #expect(lines.map { $0.stream["host"] } == ["web-1", "web-1", "127.0.0.1"])
    }

    private func client(_ type: Int32, _ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, type, 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        return descriptor
    }
}
