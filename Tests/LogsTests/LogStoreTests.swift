import Glibc
import Synchronization
import SystemPackage
import Telemetry
import Testing

@testable import Logs

@Suite("Store of lines")
struct LogStoreTests {
    private struct Literal: LogPattern {
        let text: String
        var literals: [[UInt8]] { [Array(text.utf8)] }
        func isMatch(_ value: UnsafeRawBufferPointer) -> Bool {
            String(decoding: value, as: UTF8.self).contains(text)
        }
    }

    static let filters: [LogFilter] = {
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        var filters: [LogFilter] = [.all]
        for text in [
            "timed out", "timed", "out", "blk_", "block", "11", "0", "5", "0003", "alice1", "x1", "request",
            "after 10 ms",
            "server6", "[31mserver6", "word7word", "10.0.2", "src: /10", "nothing", "said", "ms", "É".lowercased(),
        ] {
            filters += [.condition(.init(.phrase(bytes(text)))), .condition(.init(.prefix(bytes(text))))]
        }
        for value in ["GET", "get", "", "000\(5) padded 00\(5)", "Receiving"] {
            filters.append(.condition(.init(.equals(bytes(value)))))
        }
        let tests: [(String, LogTest)] = [
            ("status", .equals(bytes("200"))), ("status", .range(300...500)), ("ms", .range(0.1...0.5)),
            ("path", .phrase(bytes("item"))), ("path", .phrase(bytes("9"))), ("host", .equals(bytes("web-1"))),
            ("app", .equals(bytes("shop"))), ("app", .phrase(bytes("own5"))), ("app", .exists), ("empty", .exists),
            ("empty", .equals([])), ("none", .exists), ("level", .level(.warn ... .error)), ("level", .exists),
            ("level", .range(10...20)), ("trace", .exists), ("message", .matches(Literal(text: "d o"))),
            ("message", .matches(Literal(text: "1 m"))), ("status", .level(.info ... .error)),
            ("time", .range(Double(StoreUnderTest.start)...Double(StoreUnderTest.start + 9_000_000_000))),
        ]
        filters += tests.map { .condition(.init(field: $0.0, $0.1)) }
        filters.append(.not(.condition(.init(.phrase(bytes("timed out"))))))
        filters.append(.or([filters[1], .and([filters[3], .condition(.init(field: "app", .equals(bytes("shop"))))])]))
        return filters
    }()

    @Test("a search finds the same lines raw, sealed, in a segment, merged, and after another start")
    func same() async throws {
        let disk = TestDisk()
        var expected: [[String]] = []
        do {
            let raw = try StoreUnderTest(TestDisk()) { $0.blockRowsMax = 10_000 }
            for start in stride(from: 0, to: 400, by: 16) {
                try await raw.store.append(.sample(start..<start + 16), as: nil)
            }
            for filter in Self.filters { expected.append(try await raw.lines(filter)) }
            #expect(expected[0].count == 400)
            #expect(expected.count { !$0.isEmpty } > Self.filters.count * 3 / 4)
        }
        do {
            let test = try StoreUnderTest(disk)
            for start in stride(from: 0, to: 400, by: 16) {
                try await test.store.append(.sample(start..<start + 16), as: nil)
                if start % 64 == 0, start > 100 { try test.store.flush() }
            }
            for (filter, lines) in zip(Self.filters, expected) {
                let found = try await test.lines(filter)
                let isSame = found == lines
                #expect(isSame, "before the flush: \(filter): \(found.count) lines, not \(lines.count)")
            }
            try test.store.flush()
            #expect(test.store.statistics.memoryBytes == 0)
            for (filter, lines) in zip(Self.filters, expected) {
                let found = try await test.lines(filter)
                let isSame = found == lines
                #expect(isSame, "after the flush: \(filter): \(found.count) lines, not \(lines.count)")
            }
            let segments = test.store.statistics.segments
            try test.store.maintain()
            #expect(test.store.statistics.segments < segments)
            #expect(test.store.statistics.merges > 0)
        }
        let test = try StoreUnderTest(disk.restarted())
        #expect(test.report.dropped.isEmpty && test.report.lines == 0)
        for (filter, lines) in zip(Self.filters, expected) {
            let found = try await test.lines(filter)
            let isSame = found == lines
            #expect(isSame, "merged: \(filter): \(found.count) lines, not \(lines.count)")
        }
        #expect(test.store.statistics.damaged == 0)
    }

    @Test("a batch that comes again is known by its number, also after another start")
    func again() async throws {
        let disk = TestDisk()
        do {
            let test = try StoreUnderTest(disk)
            for number: UInt64 in [1, 2, 2, 1, 3] {
                try await test.store.append(
                    .sample(Int(number) * 8..<Int(number) * 8 + 8), as: LogDelivery(sender: "web-1", number: number))
                if number == 2 { try test.store.flush() }
            }
            #expect(try await test.lines().count == 24)
        }
        let test = try StoreUnderTest(disk.restarted(powerLost: true))
        #expect(test.store.isKnown(LogDelivery(sender: "web-1", number: 3)))
        #expect(!test.store.isKnown(LogDelivery(sender: "web-1", number: 4)))
        #expect(!test.store.isKnown(LogDelivery(sender: "web-2", number: 1)))
        #expect(try await test.lines().count == 24)
    }

    @Test("a rare word opens only the blocks that have it, and a window only those of its time")
    func leftOut() async throws {
        let test = try StoreUnderTest(TestDisk())
        try await test.store.append(.sample(0..<800), as: nil)
        try test.store.flush()
        let all = try await test.store.blocks(in: StoreUnderTest.everything, where: .all)
        let rare = LogFilter.condition(.init(.phrase(Array("word407word".utf8))))
        let some = try await test.store.blocks(in: StoreUnderTest.everything, where: rare)
        #expect(all.count >= 15 && some.count <= 2)
        #expect(try await test.lines(rare).count == 1)
        let window = LogWindow(from: StoreUnderTest.start, until: StoreUnderTest.start + 10_000_000_000)
        #expect(try await test.store.blocks(in: window, where: .all).count < all.count / 2)
        #expect(try await test.store.streams(in: window).count == 2)
    }

    /// Blocks that are lost, and lines of others.
    private static func read(_ store: LogStore) async throws -> (lost: Int, found: Int) {
        var lost = 0
        var found = 0
        for reference in try await store.blocks(in: StoreUnderTest.everything, where: .all) {
            let lines = await lines(reference)
            found += lines ?? 0
            lost += lines == nil ? 1 : 0
        }
        return (lost, found)
    }

    /// Nil if the block is damaged and says so.
    private static func lines(_ reference: any LogBlockReference) async -> Int? {
        do {
            let block = try await reference.open()
            return try StoreUnderTest.lines(block, RowSet(rows: block.rows, all: true)).count
        } catch {
            #expect((error as? TelemetryProblem)?.code == "logs.block-damaged")
            return nil
        }
    }

    @Test("a damaged byte costs one block, which says so, and never lines of others")
    func damaged() async throws {
        let disk = TestDisk()
        do {
            let test = try StoreUnderTest(disk)
            try await test.store.append(.sample(0..<400), as: nil)
            try test.store.flush()
        }
        let path = try #require(disk.names.first { $0.hasSuffix(".lines") })
        let size = try disk.contents(FilePath(path)).count
        for at in stride(from: 3, to: size, by: max(1, size / 60)) {
            let broken = disk.restarted()
            broken.change(path) { $0[at] ^= 0x10 }
            let test = try StoreUnderTest(broken)
            if !test.report.dropped.isEmpty { continue }
            let (lost, found) = try await Self.read(test.store)
            #expect(lost <= 1 && found >= 400 - 40, "byte \(at)")
            let rare = LogFilter.condition(.init(.phrase(Array("word207word".utf8))))
            let lines = try? await test.lines(rare)
            #expect(lines?.count ?? 1 == 1, "byte \(at)")
            #expect(lost == 0 || test.store.statistics.damaged > 0)
        }
    }

    @Test("lines go when they are past their rule's age or bytes, and others stay")
    func retention() async throws {
        let disk = TestDisk()
        let day: Int64 = 86_400_000_000_000
        let test = try StoreUnderTest(disk) { options in
            options.retention = [
                LogRetention(labels: [.init("app", "web")], age: 2 * day), LogRetention(bytes: 30_000),
            ]
        }
        var totals: [Int] = []
        for index in 0..<6 {
            test.time = StoreUnderTest.start + Int64(index) * day
            try await test.store.append(.sample(0..<400, from: test.time), as: nil)
            try test.store.flush()
            try test.store.maintain()
            totals.append(try await test.lines(.condition(.init(field: "app", .equals(Array("web".utf8))))).count)
        }
        #expect(totals == [50, 100, 150, 150, 150, 150])
        #expect(test.store.statistics.segmentBytes < 120_000)
        test.store.configure(retention: [LogRetention(age: 1)])
        test.time += day
        try test.store.maintain()
        #expect(try await test.lines().isEmpty)
        #expect(test.store.statistics.segments == 0)
        #expect(disk.names.filter { $0.contains("/segments/") }.isEmpty)
    }

    @Test("an evicted segment is searched by its filters, and fetched for what may be in it")
    func archive() async throws {
        let disk = TestDisk()
        let archive = FolderArchive()
        var expected: [String] = []
        do {
            let test = try StoreUnderTest(disk, archive: archive)
            try await test.store.append(.sample(0..<400), as: nil)
            try test.store.flush()
            test.time += 3 * 86_400_000_000_000
            expected = try await test.lines()
            for segment in test.store.segments {
                #expect(segment.isFinal && !segment.isEvicted && segment.bytes > 0)
                try archive.keep(segment, from: disk)
                try test.store.evict(segment.name)
                try test.store.evict(segment.name)
            }
            let isSame = try await test.lines() == expected
            #expect(isSame)
        }
        let test = try StoreUnderTest(disk.restarted(powerLost: true), archive: archive)
        #expect(!test.store.segments.contains { !$0.isEvicted })
        let fetched = archive.fetched
        for index in 0..<20 {
            let nowhere = LogFilter.condition(.init(.phrase(Array("nowhere_to_be_found\(index)".utf8))))
            #expect(try await test.lines(nowhere).isEmpty)
        }
        // A filter errs once in a hundred times.
        #expect(archive.fetched - fetched < 15)
        let isSame = try await test.lines() == expected
        #expect(isSame)
        #expect(archive.fetched > fetched)
        let path = try await archive.fetch(test.store.segments[0].name)
        #expect(try StoredSegment.open(path).blocks(in: StoreUnderTest.everything, where: .all).count > 5)
        archive.remove()
    }

    @Test("times of all kinds are kept, and lines of many days at once do not make many files")
    func times() async throws {
        let disk = TestDisk()
        let test = try StoreUnderTest(disk)
        var batch = LogBatch()
        for time in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] { batch.add("at \(time)", time: time) }
        for index in 0..<200 { batch.add("day \(index)", time: Int64(index) << 50, stream: ["app": "a\(index)"]) }
        try await test.store.append(batch, as: nil)
        let before = try await test.lines()
        try test.store.flush()
        let limit = LogWindow(from: .min, until: .max)
        let isSame = try await test.lines(.all, limit) == before
        #expect(isSame)
        #expect(before.count == 206)
        #expect(test.store.statistics.segments <= 17)
    }
}

/// Segments in a folder of the real disk, as an archive's cache has them.
final class FolderArchive: LogArchive {
    private let folder: FilePath
    private let state = Mutex<(fetched: Int, paths: [FilePath])>((0, []))

    init() { folder = FilePath("/tmp/apus-archive-\(UInt64.random(in: 0 ... .max))") }

    var fetched: Int { state.withLock { $0.fetched } }

    func keep(_ segment: LogSegmentInfo, from disk: TestDisk) throws {
        try Disk().makeFolder(folder)
        let path = folder.appending(segment.name)
        try Disk().replace(path, with: try disk.contents(segment.path))
        state.withLock { $0.paths.append(path) }
    }

    func fetch(_ segment: String) async throws(TelemetryProblem) -> FilePath {
        state.withLock { $0.fetched += 1 }
        return folder.appending(segment)
    }

    func remove() {
        for path in state.withLock({ $0.paths }) { try? Disk().remove(path) }
        _ = rmdir(folder.string)
    }
}
