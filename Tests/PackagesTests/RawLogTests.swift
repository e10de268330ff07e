import CloudAWS
import ControlPlane
import Core
import FoundationEssentials
import Logging
import Logs
import NIOCore
import Packages
import Synchronization
import SystemPackage
import Telemetry
import Testing

@Suite("Lines as hosts sent them, in a store of objects")
struct RawLogTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let rules = [LogRetentionSpec(labels: ["app": "shop"], age: .minutes(60 * 24 * 30))]

    private static func time(_ minutes: Int64) -> Instant {
        Instant(milliseconds: 1_795_262_400_000 + minutes * 60_000)
    }

    /// Lines of an app's instance on a host, and one of another app.
    private static func batch(_ numbers: Range<Int>, at minutes: Int64) -> LogBatch {
        var processor = LogProcessor(nil, seed: 1)
        let own = processor.builder.stream(
            ["app": "shop", "host": "web-1", "instance": "shop.web.1.r8", "source": "stdout"])
        let other = processor.builder.stream(["app": "other", "host": "web-1"])
        let now = time(minutes).milliseconds * 1_000_000
        for number in numbers {
            Array(line(number).utf8).withUnsafeBytes {
                processor.take(ByteView($0), stream: own, now: now + Int64(number))
            }
        }
        Array("not of the shop".utf8).withUnsafeBytes { processor.take(ByteView($0), stream: other, now: now) }
        return processor.takeBatch()
    }

    private static func line(_ number: Int) -> String { "order \(number): \"größer\" \\ \u{1B}[1m" }

    private static func text(_ numbers: Range<Int>) -> [UInt8] { numbers.flatMap { Array((line($0) + "\n").utf8) } }

    private static func logs(_ objects: any ObjectStore, _ folder: FilePath, partBytesMax: Int64 = 16 << 20) throws
        -> RawLogs
    {
        var setting = RawLogs.Setting(objects: objects, folder: folder.appending("raw"))
        setting.partBytesMax = partBytesMax
        setting.waitingBytesMax = 200_000
        return try RawLogs(setting, logger: quiet)
    }

    private func check(_ objects: any ObjectStore) async throws {
        try await withTemporaryFolder { folder in
            let logs = try Self.logs(objects, folder)
            await logs.append(Self.batch(0..<500, at: 0), rules: Self.rules, at: Self.time(0))
            await logs.append(Self.batch(500..<1000, at: 1), rules: Self.rules, at: Self.time(1))
            await logs.keep(rules: Self.rules, at: Self.time(3))
            #expect(await logs.index.isEmpty)
            // Nothing comes any more: the host has gone.
            await logs.keep(rules: Self.rules, at: Self.time(6))
            let object = try #require(await logs.index.first)
            #expect(await logs.index.count == 1)
            #expect(await logs.problem == nil)
            #expect(await logs.waitingBytes == 0)
            #expect(object.labels["host"] == "web-1" && object.name == "shop.web.1.r8" && object.lines == 1000)
            #expect(object.firstTime == Self.time(0).milliseconds * 1_000_000)
            #expect(object.lastTime == Self.time(1).milliseconds * 1_000_000 + 999)
            #expect(try await objects.size(of: object.key) == object.packedBytes)
            #expect(try await logs.text(object.key.hex) == Self.text(0..<1000))
            #expect(try await logs.text(String(object.key.hex.prefix(8))) == Self.text(0..<1000))
            for key in ["", "../../etc", "00000000", String(repeating: "f", count: 65)] {
                let problem = await #expect(throws: Problem.self) { try await logs.text(key) }
                #expect(problem?.code == "logs.raw-unknown")
            }
            // Another server with the same folder knows it too, until git wants it no longer.
            let again = try Self.logs(objects, folder)
            #expect(await again.index == [object])
            await again.keep(rules: Self.rules, at: Self.time(60 * 24 * 31))
            #expect(await again.index.isEmpty)
            #expect(try await objects.size(of: object.key) == nil)
        }
    }

    @Test("in a folder they are found, got, and deleted when git says so")
    func folder() async throws {
        try await withTemporaryFolder { folder in
            try await check(try FolderObjectStore(root: folder.appending("objects")))
        }
    }

    @Test("in S3 too")
    func bucket() async throws {
        let server = try MotoServer()
        try await check(try await server.store(prefix: "raw"))
    }

    @Test("A large file goes in parts, and what a kill leaves open is stored by the next server, once")
    func killed() async throws {
        try await withTemporaryFolder { folder in
            let objects = try UnsteadyStore(folder.appending("objects"))
            // Each server is killed behind two batches, the second also while it stores.
            for round in 0..<3 {
                let logs = try Self.logs(objects, folder, partBytesMax: 20_000)
                let from = round * 2000
                for part in [from..<from + 1000, from + 1000..<from + 2000] {
                    await logs.append(Self.batch(part, at: Int64(round)), rules: Self.rules, at: Self.time(0))
                }
                objects.isSilent.withLock { $0 = round == 1 }
                await logs.keep(rules: Self.rules, at: Self.time(0))
            }
            let logs = try Self.logs(objects, folder)
            await logs.keep(rules: Self.rules, at: Self.time(10))
            var texts: [[UInt8]] = []
            for object in await logs.index { texts.append(try await logs.text(object.key.hex)) }
            #expect(texts.flatMap(\.self) == Self.text(0..<6000))
            #expect(try await objects.list().count == texts.count)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending("raw/waiting").string) == [])
            #expect(await logs.lostBytes == 0)
        }
    }

    @Test("While the store is away files wait; what is too much goes, the oldest first, and is counted")
    func outage() async throws {
        try await withTemporaryFolder { folder in
            let objects = try UnsteadyStore(folder.appending("objects"))
            let logs = try Self.logs(objects, folder, partBytesMax: 20_000)
            objects.isDown.withLock { $0 = true }
            for minute in 0..<60 {
                let numbers = minute * 200..<minute * 200 + 200
                await logs.append(
                    Self.batch(numbers, at: Int64(minute)), rules: Self.rules, at: Self.time(Int64(minute)))
                await logs.keep(rules: Self.rules, at: Self.time(Int64(minute)))
            }
            let all = Self.text(0..<12_000)
            #expect(await logs.problem?.code == "test.gone")
            #expect(await logs.waitingBytes <= 200_000)
            let (lost, waiting) = (await logs.lostBytes, await logs.waitingBytes)
            #expect(lost > 0 && lost + waiting == all.count)
            objects.isDown.withLock { $0 = false }
            await logs.keep(rules: Self.rules, at: Self.time(120))
            var texts: [UInt8] = []
            for object in await logs.index { texts += try await logs.text(object.key.hex) }
            #expect(Int64(texts.count) + lost == all.count)
            #expect(await logs.waitingBytes == 0)
            #expect(all.suffix(texts.count) == texts[...])
        }
    }
}
