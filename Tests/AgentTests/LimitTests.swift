import Core
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Agent

final class Lines: Sendable { let all = Mutex<[String]>([]) }

/// Users, limits and output of real processes.
@Suite struct LimitTests {
    @Test("Open files are limited, and there are no core files")
    func files() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: "ulimit -n; ulimit -c; exec sleep 1000", limits: ResourceLimits(files: 77))
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            #expect(texts(bench, spec) == ["77", "0"])
        }
        try await bench.end()
    }

    @Test(
        "As root each app has a user of its own, who can write to its data and not to its release",
        .enabled(if: geteuid() == 0))
    func users() async throws {
        let bench = try HostBench(users: .perApp(UserPolicy.range))
        let spec = try bench.spec(
            script: "id -u; touch $HOME/mine && echo can; touch x 2>/dev/null || echo cannot; exec sleep 1000")
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            let lines = texts(bench, spec)
            #expect(UserPolicy.range.contains(UInt32(lines.first ?? "") ?? 0))
            #expect(lines.dropFirst() == ["can", "cannot"])
        }
        try await bench.end()
    }

    @Test("A process over its memory limit is killed, and the report says why", .enabled(if: geteuid() == 0))
    func memory() async throws {
        let groups = ResourceGroups.detect(name: "test-\(getpid())")
        let bench = try HostBench(groups: groups)
        let spec = try bench.spec(
            script: "exec python3 -c 'x=bytearray(200<<20); import time; time.sleep(1000)'",
            limits: ResourceLimits(memory: .mebibytes(32)))
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await eventually("ended") { bench.log.lines.withLock { $0.contains { $0.hasPrefix("instanceEnded") } } }
            if groups.limitsMemory {
                #expect(bench.log.lines.withLock { $0.contains { $0.contains("more memory than its limit") } })
            }
            for phase in [LifecyclePhase.stop, .unconfigure, .uninstall] {
                try await keeper.perform(phase, spec) { _ in }
            }
        }
        try await bench.end()
    }

    @Test("A full disk for logs does not stop the app, and what was lost is said later", .enabled(if: geteuid() == 0))
    func fullDisk() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(
            script:
                "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; i=$((i+1)); done; touch $HOME/done; while :; do echo tick; sleep 0.05; done"
        )
        let logs = HostFolders(root: bench.root).mountPoint(spec.id).logs
        try await bench.withKeeper { keeper in
            try await keeper.perform(.install, spec) { _ in }
            #expect(mount("tmpfs", logs.string, "tmpfs", 0, "size=65536") == 0)
            try await keeper.perform(.configure, spec) { _ in }
            try await keeper.perform(.start, spec) { _ in }
            let done = HostFolders(root: bench.root).mountPoint(spec.id).data.appending("done")
            try await eventually("all was written") { Disk.exists(done) }
            #expect(try await keeper.live(spec).restarts == 0)
            truncate(logs.appending("output.log").string, 0)
            try await eventually("the loss is said") {
                texts(bench, spec).contains { $0.contains("bytes of output were lost") }
            }
            try await keeper.perform(.stop, spec) { _ in }
        }
        #expect(umount2(logs.string, Int32(MNT_DETACH)) == 0)
        try await bench.end()
    }

    @Test("Output is read back across rotations, followed, and long lines are cut")
    func output() async throws {
        let root = FilePath("/tmp/apus-test-output-\(getpid())")
        try Disk.makeFolder(root)
        defer { try? Disk.remove(root) }
        let path = root.appending("output.log")
        let line = { (text: String, tag: String) in "2026-11-21T03:00:00.000Z stdout \(tag) \(text)\n" }
        try Disk.write(Array((1...5).map { line("old \($0)", "F") }.joined().utf8), to: FilePath("\(path).1"))
        let part = String(repeating: "x", count: 16 << 10)
        try Disk.write(
            Array((line("new", "F") + String(repeating: line(part, "P"), count: 640) + line("end", "F")).utf8), to: path
        )
        let reader = OutputReader(path: path, pollInterval: .milliseconds(5))
        let long = try #require(reader.last(1).last)
        #expect(long.utf8.count < 70 << 10 && long.hasSuffix("…"))
        try Disk.write(Array(line("new", "F").utf8), to: path)
        #expect(reader.last(3).map { $0.suffix(5) } == ["old 4", "old 5", "t new"])
        let seen = Lines()
        await withTaskGroup { group in
            group.addTask {
                await reader.read(last: 1, follow: true) { line in
                    seen.all.withLock {
                        $0.append(String(line.split(separator: " ").last ?? ""))
                        return $0.count < 4
                    }
                }
            }
            try? await eventually("first") { seen.all.withLock { $0.count == 1 } }
            append(line("a", "F"), path)
            try? await eventually("second") { seen.all.withLock { $0.count == 2 } }
            append(line("b", "F"), path)
            rename(path.string, "\(path).1")
            append(line("c", "F"), path)
            await group.waitForAll()
        }
        #expect(seen.all.withLock { $0 } == ["new", "a", "b", "c"])
    }

    private func append(_ text: String, _ path: FilePath) {
        let file = open(path.string, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        defer { close(file) }
        _ = Array(text.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }

    private func texts(_ bench: HostBench, _ spec: InstanceSpec) -> [String] {
        OutputReader(path: HostFolders(root: bench.root).mountPoint(spec.id).output).last(10_000).map {
            String($0.split(separator: " ", maxSplits: 2).last ?? "")
        }
    }
}
