import Synchronization
import SystemPackage
import Telemetry
import Testing

@testable import Logs

@Suite("Lines to Elasticsearch")
struct ElasticLogSenderTests {
    /// A server that takes some documents, is too busy for others, and refuses some for good.
    private final class Server: Sendable {
        struct State {
            var random: SearchRandom
            /// Bodies of documents that were taken, by index and id.
            var documents: [String: [UInt8]] = [:]
            var refused: Set<String> = []
            var posts = 0
        }

        let state: Mutex<State>

        init(_ seed: UInt64) { state = Mutex(State(random: SearchRandom(seed))) }

        func post(_ packed: [UInt8]) throws(TelemetryProblem) -> ElasticLogSender.Answer {
            let body = try Gzip.unpacked(packed, bytesMax: 64 << 20)
            return state.withLock { state in
                state.posts += 1
                if state.random.chance(0.2) { return .init(status: 503, body: Array("busy".utf8)) }
                if body.count > 4000 { return .init(status: 413, body: []) }
                let lines = body.split(separator: UInt8(ascii: "\n"))
                var items: [String] = []
                for index in stride(from: 0, to: lines.count, by: 2) {
                    let action = (try? JSONReader.read(Array(lines[index])))?["create"]
                    let id = "\(action?["_index"]?.text ?? "?")/\(action?["_id"]?.text ?? "?")"
                    let status: Int
                    if state.documents[id] != nil {
                        status = 409
                    } else if lines[index + 1].contains(UInt8(ascii: "!")) {
                        status = 400
                        state.refused.insert(id)
                    } else {
                        status = state.random.pick([201, 201, 201, 201, 429, 503])
                        if status == 201 { state.documents[id] = Array(lines[index + 1]) }
                    }
                    items.append(#"{"create":{"status":\#(status),"error":{"type":"t","reason":"r\n"}}}"#)
                }
                // Some answers are lost, though what was asked was done.
                if state.random.chance(0.1) { return .init(status: 502, body: []) }
                return .init(
                    status: 200, body: Array(#"{"errors":true,"items":[\#(items.joined(separator: ","))]}"#.utf8))
            }
        }
    }

    @Test(
        "busy items are sent again, refused ones are counted and kept out, none is there twice",
        arguments: 1...5 as ClosedRange<UInt64>)
    func partly(seed: UInt64) async throws {
        let server = Server(seed)
        let sender = ElasticLogSender(try ElasticIndexPattern("logs-%Y.%m.%d"), name: "t") {
            body async throws(TelemetryProblem) in try server.post(body)
        }
        let disk = TestDisk()
        var limits = RelayFlow.Limits()
        limits.backoffMax = 10
        limits.delay = 1
        let (relay, _) = try LogRelay.open("es", .all, in: "/relay", on: disk, limits: limits, now: 1)
        var now: Int64 = 1
        let count = 300
        for start in stride(from: 0, to: count, by: 50) {
            var batch = LogBatch()
            batch.add(
                (start..<start + 50).map {
                    .init(
                        time: 1_700_000_000_000_000_000 + Int64($0) * 3_600_000_000_000, level: .warn,
                        message: $0 % 30 == 7 ? "bad!" : "line \"\($0)\"\n\u{0}ü", fields: ["a.b": "\\\($0)"])
                }, of: ["app": "shop", "host": "web-1"])
            relay.take(batch, at: now)
        }
        while relay.relay.counts.waiting > 0, now < 100_000 {
            now += 600
            if let shipment = relay.next(at: now) { relay.relay.arrived(await sender.send(shipment), at: now) }
        }
        let counts = relay.relay.counts
        #expect(counts.sent == 290 && counts.refused == 10 && counts.waiting == 0)
        let (documents, refused) = server.state.withLock { ($0.documents, $0.refused) }
        #expect(documents.count == 290 && refused.count == 10)
        #expect(Set(documents.keys.map { $0.prefix(15) }).count == 14, "One index a day.")
        #expect(documents.keys.allSatisfy { $0.hasPrefix("logs-2023.11.") })
        // Apus takes them in itself.
        var bulk: [UInt8] = []
        for document in documents.values { bulk += Array("{\"create\":{}}\n".utf8) + document + [10] }
        let (batch, answer, _) = try LogIntake(stream: [:], now: 1_800_000_000_000_000_000).batch(
            of: bulk, as: .elasticBulk, program: nil, seed: 3)
        #expect(answer.accepted == 290 && batch.lines.count == 290)
        let messages = Set(batch.lines.map { batch.validText($0.message) })
        #expect(messages.count == 290 && messages.contains("line \"299\"\n\u{0}ü"))
        #expect(batch.lines.allSatisfy { $0.level == LogLevel.warn.rawValue && $0.time >= 1_700_000_000_000_000_000 })
    }

    @Test("names of indices", arguments: ["Logs", "-a", "", "a b", "a/b", "..", "a*", "%y", "logs,x"])
    func names(name: String) { #expect((try? ElasticIndexPattern(name)) == nil) }
}
