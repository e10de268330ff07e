import Core
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Agent

/// Real processes under real shims.
@Suite struct InstanceTests {
    private let forever = "echo hello; echo oops >&2; exec sleep 1000"

    @Test("An instance goes through its phases and back, and leaves nothing behind")
    func phases() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: forever)
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            #expect(try await keeper.live(spec).isReady)
            // Again: already there.
            try await keeper.perform(.start, spec) { _ in }
            let problem = await #expect(throws: Problem.self) { try await keeper.perform(.uninstall, spec) { _ in } }
            #expect(problem?.code == "instance.wrong-state")
            try await keeper.link(app: spec.id.app, releaseIdentity: spec.releaseIdentity)
            #expect(await keeper.links()[spec.id.app]?.current == spec.releaseIdentity)
            let pid = try #require(try await keeper.live(spec).processID)
            for phase in [LifecyclePhase.stop, .unconfigure, .uninstall] {
                try await keeper.perform(phase, spec) { _ in }
            }
            #expect(!isAlive(pid))
            #expect(await keeper.liveInstances() == [])
        }
        #expect(Disk.names(in: HostFolders(root: bench.root).instances) == [])
        try await bench.end()
    }

    @Test("Instances survive the agent: a new one takes over the same process, still healthy")
    func restart() async throws {
        let bench = try HostBench()
        let command = try HealthProbe(
            kind: .command(CommandTemplate("/bin/true")), interval: Interval(milliseconds: 100))
        let spec = try bench.spec(script: forever, health: command)
        let pid = try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            return try await keeper.live(spec).processID
        }
        try await bench.withKeeper { keeper in
            await keeper.takenOver()
            #expect(try await keeper.live(spec).processID == pid)
            #expect(try await keeper.live(spec).health == .healthy)
            #expect(try await keeper.live(spec).restarts == 0)
            try await keeper.perform(.stop, spec) { _ in }
            #expect(!isAlive(try #require(pid)))
        }
        try await bench.end()
    }

    @Test("A killed process is seen within a second and started again")
    func killed() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: forever)
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            let pid = try #require(try await keeper.live(spec).processID)
            let start = ContinuousClock.now
            kill(pid, SIGKILL)
            try await eventually("seen") { try await !keeper.live(spec).isReady }
            #expect(ContinuousClock.now - start < .seconds(1))
            try await keeper.awaitReady(spec.id)
            let live = try await keeper.live(spec)
            #expect(live.processID != pid && live.restarts == 1)
        }
        #expect(bench.log.lines.withLock { $0.contains("instanceEnded ended by signal 9") })
        try await bench.end()
    }

    @Test("A killed shim takes its process and the process' children with it, and both come back")
    func killedShim() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: "(setsid sleep 1001 &) ; exec sleep 1000")
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            let run = HostFolders(root: bench.root).mountPoint(spec.id).run
            let words = try #require(Disk.text(run.appending("started"))).split(separator: " ")
            let pid = try #require(Int32(words[1]))
            kill(try #require(Int32(words[3])), SIGKILL)
            try await eventually("started again") {
                guard let new = try await keeper.live(spec).processID else { return false }
                return new != pid
            }
            #expect(!isAlive(pid))
            try await eventually("one grandchild") { marked(bench.root, "sleep\u{0}1001").count == 1 }
            try await keeper.perform(.stop, spec) { _ in }
            try await eventually("none left") { marked(bench.root, "sleep").isEmpty }
        }
        try await bench.end()
    }

    @Test("A crash loop fails the wait for readiness with the last output")
    func crashLoop() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: "echo no database; exit 7")
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            let problem = await #expect(throws: Problem.self) { try await keeper.awaitReady(spec.id) }
            #expect(problem?.cause.contains("crash loop: exited 7") == true)
            #expect(problem?.cause.contains("no database") == true)
            try await keeper.perform(.stop, spec) { _ in }
        }
        try await bench.end()
    }

    @Test("A command that does not exist fails its start, with the reason")
    func missingCommand() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: "", run: .command(CommandTemplate("no-such-program")))
        try await bench.withKeeper { keeper in
            let problem = await #expect(throws: Problem.self) { try await keeper.bringUp(spec) }
            #expect(problem?.cause.contains("No such file") == true)
            let live = try await keeper.live(spec)
            #expect(live.state == .stopped)
        }
        try await bench.end()
    }

    @Test("What ignores its stop signal is killed when its time is up, with its children")
    func stubborn() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(
            script: "trap '' TERM; sleep 1002 & while :; do sleep 0.1; done",
            stop: StopSpec(timeout: Interval(milliseconds: 300)))
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            try await keeper.perform(.stop, spec) { _ in }
            try await eventually("none left") { marked(bench.root, "sleep").isEmpty }
        }
        try await bench.end()
    }

    @Test("Environment and arguments reach the process byte for byte, and nothing of the agent's does")
    func environment() async throws {
        let bench = try HostBench()
        let odd = "a b\"'$(id)\n;\u{202E}=x"
        let spec = try bench.spec(
            script:
                #"printf '%s|' "$ODD" "$1" "$PORT" "$FROM_PACKAGE" "$APUS_RELEASE" > "$HOME/seen"; env | grep -c SWIFT; exec sleep 1000"#,
            environment: ["ODD": odd, "PORT": "1"], run: .command(CommandTemplate("/bin/sh run.sh \"$ODD\"")))
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            let port = try #require(try await keeper.live(spec).port)
            let seen = Disk.text(HostFolders(root: bench.root).mountPoint(spec.id).data.appending("seen"))
            #expect(seen == "\(odd)|\(odd)|\(port)|yes|1|")
        }
        try await bench.end()
    }

    @Test("A damaged file is said, and the other instances go on")
    func corrupt() async throws {
        let bench = try HostBench()
        let good = try bench.spec("shop.web.1.r1", script: forever)
        let bad = try bench.spec("shop.web.2.r1", script: forever)
        try await bench.withKeeper { keeper in
            for spec in [good, bad] { try await keeper.perform(.install, spec) { _ in } }
        }
        let file = HostFolders(root: bench.root).mountPoint(bad.id).spec
        try Disk.write(Array("{\"spec\":".utf8), to: file)
        try await bench.withKeeper { keeper in
            #expect(await keeper.liveInstances().map(\.id) == [good.id])
        }
        #expect(bench.log.lines.withLock { $0.contains { $0.contains("instance.spec-corrupt") } })
        try await bench.end()
    }

    @Test("An app's own executable runs in its phase, and its failure leaves the instance where it was")
    func ownPhases() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(
            script: forever, phases: [.install: "hook", .configure: "broken"],
            config: ["hook": "#!/bin/sh\necho did $1", "broken": "#!/bin/sh\nexit 4"])
        try await bench.withKeeper { keeper in
            let lines = Lines()
            try await keeper.perform(.install, spec) { line in lines.all.withLock { $0.append(line) } }
            #expect(lines.all.withLock { $0.contains("did install") })
            let problem = await #expect(throws: Problem.self) { try await keeper.perform(.configure, spec) { _ in } }
            #expect(problem?.code == "instance.phase-failed")
            let live = try await keeper.live(spec)
            #expect(live.state == .installed)
        }
        try await bench.end()
    }

    @Test("A folder is served by Apus itself, as the app's user, and stops at once")
    func files() async throws {
        let users = geteuid() == 0 ? UserPolicy.perApp(UserPolicy.range) : .caller
        let bench = try HostBench(users: users)
        let spec = try bench.spec(
            script: "", health: HealthProbe(kind: .http(path: "/index.html")), run: .files(folder: "."),
            config: ["index.html": "hello"])
        try await bench.withKeeper { keeper in
            try await keeper.bringUp(spec)
            try await keeper.awaitReady(spec.id)
            let start = ContinuousClock.now
            try await keeper.perform(.stop, spec) { _ in }
            // Well under the ten seconds after which it would be killed.
            #expect(ContinuousClock.now - start < .seconds(5))
        }
        try await bench.end()
    }

    @Test("Two instances get two ports", .timeLimit(.minutes(1)))
    func ports() async throws {
        let bench = try HostBench()
        let specs = try ["shop.web.1.r1", "shop.web.2.r1"].map { try bench.spec($0, script: forever) }
        try await bench.withKeeper { keeper in
            for spec in specs {
                for phase in [LifecyclePhase.install, .configure] { try await keeper.perform(phase, spec) { _ in } }
            }
            #expect(Set(await keeper.liveInstances().compactMap(\.port)).count == 2)
        }
        try await bench.end()
    }
}

/// Command lines of processes below a root folder that start so.
func marked(_ root: FilePath, _ start: String) -> [String] {
    Disk.names(in: "/proc").compactMap { name in
        guard Int32(name) != nil, let environment = Disk.text(FilePath("/proc/\(name)/environ")),
            environment.contains("APUS_MOUNT=\(root)/"),
            let line = Disk.text(FilePath("/proc/\(name)/cmdline")), line.hasPrefix(start)
        else { return nil }
        return line
    }
}
