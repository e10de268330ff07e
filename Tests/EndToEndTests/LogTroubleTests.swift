import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Logs in trouble")
    struct LogTroubleTests {
        private static let isRoot = geteuid() == 0

        /// A fleet of one host that collects a file which is written from here.
        private static func collecting(
            _ base: Int, _ body: (TestFleet, WrittenFile) async throws -> Void,
            before: (TestFleet) throws -> Void = { _ in }
        ) async throws {
            var sample = try SampleRepository(base: base)
            sample.webHosts = 1
            try await TestFleet.with { fleet in
                let file = try WrittenFile(fleet.folder.appending("written"))
                sample.policy = """
                    logs:
                      files:
                        soak: { paths: "\(file.folder)/*.log", on: { hosts: [web-1] }, labels: { app: soak } }

                    """
                try before(fleet)
                try await fleet.commit(sample.files, "Begin")
                try await fleet.startServer(edge: sample.edge)
                try await eventually("The configuration") { try await fleet.client.configuration() }
                try await fleet.startAgent("web-1", address: sample.address(1))
                try await body(fleet, file)
            }
        }

        private static func lines(_ fleet: TestFleet, _ query: String) async throws -> [LogLineView] {
            try await fleet.client.searchLogs(.init(query: query, from: "-1h"), limit: 10_000).lines ?? []
        }

        /// Whether the numbers from 1 to the last one are there, each once.
        private static func isWhole(_ fleet: TestFleet, upTo last: Int) async throws -> Bool {
            let numbers = try await lines(fleet, "app:soak n:*").compactMap { Int($0.fields["n"] ?? "") }.sorted()
            return numbers == Array(1...last)
        }

        @Test(
            "full disks of the server and of a host cost no line",
            .timeLimit(.minutes(3)), .enabled(if: isRoot, "small file systems are root's to mount"))
        func fullDisks() async throws {
            var disks: [SmallDisk] = []
            try await Self.collecting(236) { fleet, file in
                file.add(1...1000)
                try await eventually("The first lines", within: 40) { try await Self.isWhole(fleet, upTo: 1000) }
                for (number, disk) in disks.enumerated() {
                    try disk.fill()
                    let first = 1001 + number * 1000
                    file.add(first...(first + 999))
                    // It is tried, fails, and nobody ends over it.
                    let log = fleet.logs.appending(number == 0 ? "server.log" : "web-1.log")
                    try await eventually("Words about disk \(number)", within: 40) {
                        let words = (try? String(contentsOfFile: log.string, encoding: .utf8)) ?? ""
                        return words.contains("space") || words.contains("full")
                    }
                    for name in ["server", "web-1"] { #expect(try fleet.process(name).poll() == nil) }
                    disk.free()
                    try await eventually("The lines of a full disk", within: 60) {
                        try await Self.isWhole(fleet, upTo: first + 999)
                    }
                }
            } before: { fleet in
                disks = [
                    try SmallDisk(at: fleet.serverState, megabytes: 32),
                    try SmallDisk(at: fleet.agentRoot("web-1"), megabytes: 8),
                ]
                fleet.atEnd { [disks] in for disk in disks { disk.remove() } }
            }
        }

        /// What somebody may write who wants to look like somebody else, or to steer a terminal.
        private static let hostile: [(text: [UInt8], mark: String)] = [
            (
                Array(
                    #"{"level":"info","msg":"fake","host":"db-1","app":"bank","fabric":"prod","source":"stdout"} mark1"#
                        .utf8), "mark1"
            ),
            (Array("red \u{1B}[31m\u{1B}]0;title\u{7} \u{1B}[2J mark2".utf8), "mark2"),
            (Array("half\rmark3 2026-01-01T00:00:00Z ERROR nothing".utf8), "mark3"),
            ([0xFF, 0xFE, 0x00, 0x80] + Array(" mark4 ".utf8) + [0xC3], "mark4"),
            (Array("\u{202E}gnp.exe mark5 \u{2028}\u{200B}".utf8), "mark5"),
            (Array("mark6 ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 10 << 20), "mark6"),
            (Array(#"mark7 " | count by host -> ' ; <script>alert(1)</script> ${jndi:x} %n%n"#.utf8), "mark7"),
        ]

        @Test("hostile lines are kept, are nobody else's, and steer nothing", .timeLimit(.minutes(2)))
        func hostileLines() async throws {
            try await Self.collecting(240) { fleet, file in
                for line in Self.hostile { file.add(line.text) }
                file.add(1...10)
                try await eventually("The lines behind them", within: 60) { try await Self.isWhole(fleet, upTo: 10) }
                for (_, mark) in Self.hostile {
                    let found = try await Self.lines(fleet, mark)
                    #expect(found.count == 1, "\(mark)")
                    #expect(found.first?.labels["app"] == "soak" && found.first?.labels["host"] == "web-1", "\(mark)")
                }
                let long = try #require(try await Self.lines(fleet, "mark6").first)
                #expect(long.message.utf8.count < 1 << 20, "\(long.message.utf8.count)")
                let shown = try await fleet.succeed("logs", "app:soak -mark6", "--since", "1h")
                #expect(!shown.data.utf8.contains(0x1B) && !shown.data.utf8.contains(0x0D))
                #expect(!shown.data.unicodeScalars.contains("\u{202E}"))
                #expect(shown.data.split(separator: "\n").count == Self.hostile.count - 1 + 10)
            }
        }
    }
}

/// A file of numbered lines.
private struct WrittenFile {
    let folder: FilePath
    private var path: FilePath { folder.appending("app.log") }

    init(_ folder: FilePath) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    }

    func add(_ numbers: ClosedRange<Int>) {
        add(Array(numbers.map { "n=\($0) level=info msg=\"order packed\"" }.joined(separator: "\n").utf8))
    }

    /// A line, or several.
    func add(_ text: [UInt8]) {
        let file = open(path.string, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        defer { close(file) }
        _ = (text + [0x0A]).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }
}
