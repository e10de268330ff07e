import FoundationEssentials
import Glibc
import Logs
import Testing
@testable import Agent

@Suite("The host's journal")
struct HostJournalTests {
    /// What `journalctl` writes, and how it was called.
    private static let script = """
        #!/bin/sh
        echo "$@" >> "$(dirname "$0")/calls"
        echo '{"__CURSOR":"c1","__REALTIME_TIMESTAMP":"1790000000000000","MESSAGE":"disk is failing","PRIORITY":"3","_COMM":"kernel"}'
        exit 0
        """

    @Test("is read, and read on behind its last entry when the program ends")
    func restarts() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-journal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appending(path: "journalctl").path
        try Data(Self.script.utf8).write(to: URL(filePath: program))
        chmod(program, 0o755)
        let journal = HostJournal(program: program, cursor: nil, labels: ["source": "journal"])
        let events = LogEvents(nil, seed: 1)
        events.now = 1_790_000_000_000_000_000
        let calls = folder.appending(path: "calls").path
        // Whatever the time is: it goes on by seconds, and the program is given real ones.
        let end = ContinuousClock.now + .seconds(20)
        func calledTimes() -> Int {
            ((try? String(contentsOfFile: calls, encoding: .utf8)) ?? "").split(separator: "\n").count
        }
        while events.lineCount < 2 || calledTimes() < 2, ContinuousClock.now < end {
            events.now += 1_000_000_000
            _ = journal.read(into: events, bytesMax: 1 << 20)
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(journal.cursor == "c1")
        let texts = try String(contentsOfFile: calls, encoding: .utf8).split(separator: "\n")
        #expect(texts.first?.hasSuffix("--lines=0") == true)
        #expect(texts.dropFirst().first?.hasSuffix("--after-cursor=c1") == true)
        let batch = events.take()
        #expect(batch.lines.first.flatMap { LogLevel(rawValue: $0.level) } == .error)
        #expect(batch.lines.first?.time == 1_790_000_000_000_000_000)
    }
}
