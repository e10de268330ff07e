import AsyncHTTPClient
import CloudAWS
import ControlPlane
import Core
import Logging
import Logs
import NIOCore
import NIOHTTP1
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
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/apus")
        request.method = .PUT
        request.headers.add(name: "Host", value: "127.0.0.1")
        _ = try await HTTPClient.shared.execute(request, timeout: .seconds(30)).body.collect(upTo: 1 << 16)
        let place = try S3Place(
            url: "s3://apus/logs", region: "eu-central-1", endpoint: "http://127.0.0.1:\(server.port)")
        let credentials = AWSCredentials(accessKey: "key", secretKey: "secret")
        try await check(
            S3ObjectStore(
                place, credentials: { credentials }, now: { Instant(milliseconds: 1_790_000_000_000) }))
    }
}
