import Telemetry
import Testing

@testable import Logs

@Suite("Shapes of lines")
struct ShapeTests {
    private static let names: [String] = (0..<650).map { number in
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        return String([letters[number % 26], letters[number / 26], letters[number * 7 % 26], "o"])
    }

    /// More than three hundred shapes, which differ in names.
    private static func lines(_ range: Range<Int>) -> LogBatch {
        var batch = LogBatch()
        for index in range {
            let name = names[index * 31 % 650]
            let other = names[index * 17 % 650] + (index % 5 == 0 ? "\(index)" : "")
            let message: String
            switch index % 6 {
            case 0:
                message =
                    "Failed password for invalid user \(other) from 10.0.\(index % 7).\(index % 250) port \(index)"
            case 1: message = "session of \(name.uppercased()) is closed"
            case 2: message = "\(name) sent blk_\(index * 7919)_\(index % 90) to \(other)"
            case 3: message = "disk \(name) is full, said \(other): \(index % 2 == 0 ? "now" : "soon")"
            case 4: message = "\(name) \(other) \(names[index % 650])"
            default: message = "out of memory in v\(index % 3)x00\(index % 10)ms"
            }
            batch.add(
                message, time: StoreUnderTest.start + Int64(index) * 1_000_000, ["path": "/\(name)/\(other)?q=\(index)"]
            )
        }
        return batch
    }

    private static var filters: [LogFilter] {
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        let (name, other) = (names[6 * 31 % 650], names[6 * 17 % 650])
        var filters: [LogFilter] = []
        for text in [
            name, other, "user \(other) from 10.0", "user", "for invalid user", "session of \(names[31])", "is closed",
            "blk_\(8 * 7919)_8", "blk_\(8 * 7919)", "sent blk_\(8 * 7919)_8 to", "\(names[8 * 31 % 650]) sent",
            "is full, said",
            "disk \(names[9 * 31 % 650]) is full", "\(other): soon", ": now", "nobody", "v1x007ms", "v1x7ms",
            "of memory in v1x007ms",
            "\(names[10 * 31 % 650]) \(names[10 * 17 % 650])", "to \(names[20 * 17 % 650])20", "port 6", "10.0.6.6",
        ] {
            filters += [.condition(.init(.phrase(bytes(text)))), .condition(.init(.prefix(bytes(text))))]
            filters += [
                .condition(.init(.equals(bytes(text)))), .condition(.init(field: "path", .phrase(bytes(text)))),
            ]
        }
        for text in ["session of \(names[31].uppercased()) is closed", "session of \(names[31]) is closed"] {
            filters.append(.condition(.init(.equals(bytes(text)))))
        }
        filters.append(.condition(.init(field: "path", .prefix(bytes("/\(name)")))))
        filters.append(.condition(.init(field: "path", .range(0...10))))
        return filters
    }

    private static func patterns(_ test: StoreUnderTest) async throws -> [String: Int] {
        var found: [String: Int] = [:]
        for reference in try await test.store.blocks(in: StoreUnderTest.everything, where: .all) {
            let block = try await reference.open()
            for (_, shape) in try block.shapes(at: RowSet(rows: block.rows, all: true)) {
                found[try block.text(ofShape: shape), default: 0] += 1
            }
        }
        return found
    }

    @Test("lines whose shapes differ in names are found as they are found in memory")
    func open() async throws {
        let test = try StoreUnderTest(TestDisk()) { $0.blockRowsMax = 100_000 }
        try await test.store.append(Self.lines(0..<4000), as: nil)
        let all = try await test.lines()
        let patterns = try await Self.patterns(test)
        var expected: [[String]] = []
        for filter in Self.filters { expected.append(try await test.lines(filter)) }
        #expect(expected.count { !$0.isEmpty } > 30)
        try test.store.flush()
        #expect(try await test.lines() == all)
        for (filter, lines) in zip(Self.filters, expected) {
            let found = try await test.lines(filter)
            let isSame = found == lines
            #expect(isSame, "\(filter): \(found.count) lines, not \(lines.count)")
        }
        #expect(try await Self.patterns(test) == patterns)
        let block = try #require(
            try await test.store.blocks(in: StoreUnderTest.everything, where: .all).first?.open() as? StoredBlock)
        #expect(try block.message.shapes().count < 20)
        #expect(try block.message.shapes().contains { $0.kind == .open })
        #expect(test.store.statistics.damaged == 0)
    }

    @Test("texts of more shapes than a block may have are found, too")
    func many() async throws {
        let test = try StoreUnderTest(TestDisk()) { $0.blockRowsMax = 100_000 }
        var batch = LogBatch()
        for index in 0..<5000 {
            // Another run of marks each time, so that no two shapes are alike.
            let digits = Array(String(index, radix: 4).utf8)
            let marks = String(decoding: digits.map { Array("-+/=".utf8)[Int($0) - 0x30] }, as: UTF8.self)
            batch.add("begin \(marks) end\(index)", time: StoreUnderTest.start + Int64(index))
        }
        try await test.store.append(batch, as: nil)
        let filters = ["begin", "end4999", "- end1", "/= end11"].map {
            LogFilter.condition(.init(.phrase(Array($0.utf8))))
        }
        var expected: [[String]] = []
        for filter in filters { expected.append(try await test.lines(filter)) }
        try test.store.flush()
        for (filter, lines) in zip(filters, expected) { #expect(try await test.lines(filter) == lines) }
        #expect(expected[0].count == 5000 && expected[1].count == 1)
    }
}
