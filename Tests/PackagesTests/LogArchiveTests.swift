import CloudAWS
import ControlPlane
import Core
import Logging
import Logs
import NIOCore
import Packages
import Synchronization
import SystemPackage
import Telemetry
import Testing

@Suite("The archive of logs")
struct LogArchiveTests {
    private static let day: Int64 = 86_400
    private static let second: Int64 = 1_000_000_000
    /// Some noon.
    private static let start: Int64 = 1_790_000_000 / day * day + day / 2

    /// Lines of a day, one of which is like no other.
    private func batch(day: Int64) -> LogBatch {
        var processor = LogProcessor(nil, seed: 1)
        let stream = processor.builder.stream(["app": "shop", "host": "web-1"])
        for number in 0..<5000 {
            let text = number == 77 ? "needle of day \(day)" : "order \(number) packed"
            let time = (Self.start + day * Self.day + Int64(number)) * Self.second
            Array(text.utf8).withUnsafeBytes { processor.take(ByteView($0), stream: stream, now: time) }
        }
        return processor.takeBatch()
    }

    private func count(_ store: LogStore, _ query: String) async throws -> (Int, LogSearchReport) {
        let window = LogWindow(
            from: (Self.start - Self.day) * Self.second, until: (Self.start + 30 * Self.day) * Self.second)
        let (lines, report) = try await LogSearch(store) { .zero }.page(try LogQuery(query).compiled(), in: window)
        return (lines.count, report)
    }

    private func check(_ objects: any ObjectStore) async throws {
        try await withTemporaryFolder { folder in
            let now = Mutex(Self.start)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let archive = try LogArchiver(
                LogArchiver.Setting(
                    objects: objects, folder: folder.appending("archive"), localAge: .seconds(2 * 86_400)),
                logger: logger)
            let options = LogStoreOptions()
            let clock: @Sendable () -> Int64 = { now.withLock { $0 } * Self.second }
            let (store, _) = try LogStore.open(folder.appending("logs"), options, archive: archive, clock: clock)
            for day in 0..<3 as Range<Int64> {
                now.withLock { $0 = Self.start + day * Self.day }
                try await store.append(batch(day: day), as: nil)
                try store.flush()
            }
            now.withLock { $0 = Self.start + 4 * Self.day }
            try store.maintain()
            await archive.keep(store, at: Instant(milliseconds: now.withLock { $0 } * 1000))
            #expect(await archive.problem == nil)
            #expect(try await objects.list().count == 3)
            // The first two days are on this disk no more, and are searched all the same.
            #expect(store.segments.filter(\.isEvicted).count == 2)
            #expect(try await count(store, "needle").0 == 3)
            #expect(try await count(store, "\"day 0\" needle").0 == 1)
            #expect(try await count(store, "nothing_like_it").0 == 0)

            // When the store has let lines go, the archive does so too.
            store.configure(retention: [LogRetention(age: 3 * Self.day * Self.second)])
            try store.maintain()
            await archive.keep(store, at: Instant(milliseconds: now.withLock { $0 } * 1000))
            #expect(try await objects.list().count == store.segments.count)
            #expect(try await count(store, "needle").0 < 3)

            // Objects that somebody has deleted are said, and cost what was in them.
            for object in try await objects.list() { try await objects.delete(object.digest) }
            let again = try LogArchiver(
                LogArchiver.Setting(objects: objects, folder: folder.appending("archive")), logger: logger)
            await archive.keep(store, at: Instant(milliseconds: now.withLock { $0 } * 1000))
            #expect(await again.bytes > 0)
        }
    }

    @Test("in a folder holds what the disk has given up, and is searched")
    func folder() async throws {
        try await withTemporaryFolder { folder in
            try await check(try FolderObjectStore(root: folder.appending("objects")))
        }
    }

    @Test("in S3 does so too")
    func bucket() async throws {
        let server = try MotoServer()
        try await check(try await server.store(prefix: "logs"))
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("An hour without the objects' store loses nothing, and it is caught up with")
    func outage() async throws {
        try await withTemporaryFolder { folder in
            let objects = try UnsteadyStore(folder.appending("objects"))
            let now = Mutex(Self.start)
            let archive = try LogArchiver(
                .init(objects: objects, folder: folder.appending("archive"), localAge: .seconds(86_400)),
                logger: Self.quiet)
            let (store, _) = try LogStore.open(
                folder.appending("logs"), LogStoreOptions(), archive: archive,
                clock: { now.withLock { $0 } * Self.second })
            for day in 0..<2 as Range<Int64> {
                now.withLock { $0 = Self.start + day * Self.day }
                try await store.append(batch(day: day), as: nil)
                try store.flush()
            }
            // The second of the days is over, and in the third the store goes away for an hour.
            now.withLock { $0 = Self.start + 2 * Self.day }
            objects.isDown.withLock { $0 = true }
            for _ in 0..<60 {
                now.withLock { $0 += 60 }
                try store.maintain()
                await archive.keep(store, at: Instant(milliseconds: now.withLock { $0 } * 1000))
                #expect(await archive.problem?.code == "test.gone")
                // Nothing leaves this disk that is nowhere else.
                #expect(store.segments.allSatisfy { !$0.isEvicted })
            }
            #expect(objects.calls.withLock { $0 } <= 2 * 60)
            #expect(try await count(store, "needle").0 == 2)
            objects.isDown.withLock { $0 = false }
            await archive.keep(store, at: Instant(milliseconds: now.withLock { $0 } * 1000))
            #expect(await archive.problem == nil)
            #expect(try await objects.list().count == 2)
            #expect(store.segments.filter(\.isEvicted).count == 1)
            #expect(try await count(store, "needle").0 == 2)
        }
    }

    @Test("What a crash leaves in the objects' store, coming or going, is swept; what is another's stays")
    func orphans() async throws {
        try await withTemporaryFolder { folder in
            let objects = try UnsteadyStore(folder.appending("objects"))
            let foreign = folder.appending("foreign")
            let digest = try await Self.write("another server's", to: foreign)
            try await objects.put(foreign, as: digest)
            let now = Mutex(Self.start)
            let (store, _) = try LogStore.open(
                folder.appending("logs"), LogStoreOptions(), archive: nil,
                clock: { now.withLock { $0 } * Self.second })
            func keep() async throws {
                // Each time it begins anew, as after a crash.
                let archive = try LogArchiver(
                    .init(objects: objects, folder: folder.appending("archive")), logger: Self.quiet)
                await archive.keep(store, at: Instant(milliseconds: now.withLock { $0 } * 1000))
            }
            try await store.append(batch(day: 0), as: nil)
            try store.flush()
            now.withLock { $0 += 2 * Self.day }
            try store.maintain()
            // The object is there, and the server dies before it knows. Then the lines go.
            objects.isSilent.withLock { $0 = true }
            try await keep()
            #expect(try await objects.list().count == 2)
            objects.isSilent.withLock { $0 = false }
            store.configure(retention: [LogRetention(age: Self.second)])
            try store.maintain()
            #expect(store.segments.isEmpty)
            try await keep()
            #expect(try await objects.list().map(\.digest) == [digest])

            // It is known, and the server dies before it is deleted.
            store.configure(retention: [])
            try await store.append(batch(day: 1), as: nil)
            try store.flush()
            now.withLock { $0 += 2 * Self.day }
            try store.maintain()
            try await keep()
            #expect(try await objects.list().count == 2)
            store.configure(retention: [LogRetention(age: Self.second)])
            try store.maintain()
            objects.isDown.withLock { $0 = true }
            try await keep()
            objects.isDown.withLock { $0 = false }
            try await keep()
            #expect(try await objects.list().map(\.digest) == [digest])
        }
    }

    private static func write(_ text: String, to path: FilePath) async throws -> Digest {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
        var builder = DigestBuilder()
        Array(text.utf8).withUnsafeBytes { builder.update($0) }
        return builder.finish()
    }
}
