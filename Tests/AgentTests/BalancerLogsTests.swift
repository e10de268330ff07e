import Core
import FoundationEssentials
import Glibc
import Logs
import SystemPackage
import Telemetry
import Testing

@testable import Agent

@Suite("Lines of balancers")
struct BalancerLogsTests {
    private static let haproxy =
        #"<6>7 shop.web.1.r2:web-1 200 12 81738 82079 shop.web 127.0.0.1:48376 [21/Nov/2026:18:24:03.123] edge shop.web/shop.web.1.r2:web-1 0/0/0/12/12 200 26 - - ---- 2/1/0/0/0 0/0 "GET / HTTP/1.1""#
    private static let nginx =
        #"nginx shop.web shop.web.2.r3:web-2 127.0.0.1 - - [21/Nov/2026:18:24:03.123 +0000] "GET / HTTP/1.1" 502 26 "-" "-" 0.012"#
    private static let error =
        "2026/11/21 18:24:03 [crit] 12#12: *5 3 failed since the line before; this one with 503, client: 127.0.0.1\n"

    /// What the pipe of a balancer gave, as `LEVEL {LABELS} TEXT`.
    private func collected(
        _ lines: [[UInt8]], error: String = "", _ collection: LogCollection = LogCollection()
    ) throws -> [String] {
        let root = FileManager.default.temporaryDirectory.appending(path: "apus-lines-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let run = root.appending(path: "balancers/edge/run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        try Data(error.utf8).write(to: run.appending(path: "error.log"))
        // What is no pipe is left alone.
        let other = root.appending(path: "balancers/other/run")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        try Data("<6>no pipe\n".utf8).write(to: other.appending(path: "lines"))
        let pipe = run.appending(path: "lines").path
        try #require(mkfifo(pipe, 0o600) == 0)
        let writer = open(pipe, O_RDWR | O_NONBLOCK)
        defer { close(writer) }
        let folders = HostFolders(root: FilePath(root.path))
        let logs = BalancerLogs(balancers: folders.balancers, rateMax: nil)
        let (spool, _) = try LogSpool.open(
            FilePath(root.appending(path: "buffer").path), on: Telemetry.Disk(), LogSpool.Options(), identity: 1)
        let collector = LogCollector(
            try LogSources(folders: folders).sources(collection), on: SystemLogFiles(), inputs: [logs],
            events: LogEvents(nil, seed: 1), spool: spool)
        #expect(collector.drain(at: 1_790_000_000_000_000_000))
        for line in lines {
            let bytes = line + [0x0A]
            for start in stride(from: 0, to: bytes.count, by: 4096) {
                let part = Array(bytes[start..<min(bytes.count, start + 4096)])
                #expect(write(writer, part, part.count) == part.count)
            }
        }
        #expect(collector.drain(at: 1_790_000_001_000_000_000))
        var found: [String] = []
        var number: UInt64 = 0
        while let parcel = try spool.next(after: number) {
            number = parcel.number
            let batch = try LogBatch(packed: parcel.bytes)
            for line in batch.lines {
                let text = batch.withBytes(of: line.message) { String(decoding: $0, as: UTF8.self) }
                found.append(
                    "\(LogLevel(rawValue: line.level)?.word ?? "?") \(batch.streams[Int(line.stream)]) \(text)")
            }
        }
        return found
    }

    @Test("Labels are those of who answered, and what stands for them is taken off")
    func labels() throws {
        let said = [
            "<4>Proxy shop.web stopped (cumulated conns: FE: 0, BE: 1).",
            "<0>backend shop.web has no server available!",
            "<1>Server shop.web/shop.web.1.r2:web-1 is DOWN, reason: Layer4 connection problem.",
        ]
        let found = try collected(([Self.haproxy, Self.nginx] + said).map { Array($0.utf8) }, error: Self.error)
        let instance = "app=shop,instance=shop.web.1.r2,process=haproxy,release=r2,source=haproxy"
        #expect(
            Set(found) == [
                " {process=nginx,source=nginx.error} \(Self.error.dropLast())",
                " {\(instance)} \(Self.haproxy.dropFirst("<6>7 shop.web.1.r2:web-1 200 12 81738 82079 shop.web ".count))",
                " {app=shop,instance=shop.web.2.r3,process=nginx,release=r3,source=nginx.access} \(Self.nginx.dropFirst("nginx shop.web shop.web.2.r3:web-2 ".count))",
                "info {app=shop,process=haproxy,source=haproxy} \(said[0].dropFirst(3))",
                "error {app=shop,process=haproxy,source=haproxy} \(said[1].dropFirst(3))",
                "error {\(instance)} \(said[2].dropFirst(3))",
            ])
        let off = LogCollection(balancers: BalancerLogsSpec(isOn: false))
        #expect(try collected([], error: Self.error, off).isEmpty)
    }

    @Test("What no balancer writes harms nothing, and lines behind it are read")
    func hostile() throws {
        var lines: [[UInt8]] = ["", "<", "<6", "<6>", "<>x", "<99>x", "<-1>x", "nginx", "nginx a", "nginx a b", "x"].map
        {
            Array(($0 as String).utf8)
        }
        lines.append([0xFF, 0xFE, 0x00, 0x3C])
        lines.append(Array("<6>1 ../../etc 200 1 2 3 ../x.y [-.-] [-.-]".utf8))
        lines.append(Array("<6>1 \u{1B}[31m.a.b.c 200 1 2 3 A.B text".utf8))
        lines.append([UInt8](repeating: 0x41, count: 40_000))
        lines.append(Array("<6>2 s 400 0 - 1 - 127.0.0.1:1 [-.-] edge -/<NOSRV> rest".utf8))
        lines.append(Array(Self.haproxy.utf8))
        let found = try collected(lines)
        #expect(found.last?.contains("app=shop") == true)
        #expect(
            found.contains { $0.hasSuffix("127.0.0.1:1 [21/Sep/2026:14:13:21.000] edge -/<NOSRV> rest") }, "\(found)")
        #expect(found.allSatisfy { !$0.contains("AAAA") && !$0.contains("no pipe") })
        #expect(found.count(where: { $0.contains("app=") }) == 1)
    }
}
