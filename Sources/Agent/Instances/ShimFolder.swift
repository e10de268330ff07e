import Core
import Glibc
import SystemPackage

/// The `run` folder of a mount point: what the agent asks of a shim, and what the shim leaves.
struct ShimFolder: Sendable {
    let path: FilePath

    /// What a shim said about its child.
    struct Started: Equatable, Sendable {
        var processID: Int32
        /// Clock ticks from boot to its start: with the number, it names the process for ever.
        var startTime: UInt64
    }

    /// What a shim is to run.
    struct Request {
        var arguments: [String]
        /// Executed in place of the first argument; may be out of the instance's own reach.
        var program: FilePath?
        var environment: [String: String]
        var directory: FilePath
        var output: FilePath
        var outputBytesMax = 10 << 20
        var outputFiles = 5
        var user: UInt32?
        var cgroups: [FilePath] = []
        var files: Int?
        var memory: ByteCount?
        var nice = 0
    }

    private static let bytesMax = 1 << 20

    /// Writes `spec`: records `KEY VALUE`, each ended by a zero byte, so that a value can hold
    /// every byte that an argument can.
    func write(_ request: Request) throws(Problem) {
        var records = ["version 1"]
        records += request.arguments.map { "arg " + $0 }
        records += request.environment.sorted { $0.key < $1.key }.map { "env \($0.key)=\($0.value)" }
        records += ["directory \(request.directory)", "output \(request.output)"]
        records += ["output-bytes \(request.outputBytesMax)", "output-files \(request.outputFiles)"]
        records += request.cgroups.map { "cgroup \($0)" }
        if let program = request.program { records.append("program \(program)") }
        if let user = request.user { records += ["uid \(user)", "gid \(user)"] }
        if let files = request.files { records.append("nofile \(files)") }
        if let memory = request.memory { records.append("memory \(memory.bytes)") }
        if request.nice != 0 { records.append("nice \(request.nice)") }
        var bytes: [UInt8] = []
        for record in records {
            guard !record.utf8.contains(0) else { throw refused("An argument or variable holds a zero byte.") }
            bytes += record.utf8
            bytes.append(0)
        }
        guard bytes.count <= Self.bytesMax else {
            throw refused("Arguments and environment have \(bytes.count) bytes.")
        }
        try Disk.write(bytes, to: path.appending("spec"))
    }

    /// Whether a shim holds the folder: it keeps a lock for as long as it lives.
    var isHeld: Bool {
        let file = open(path.appending("lock").string, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Whether a shim was ever asked for anything here.
    var wasUsed: Bool { Disk.exists(path.appending("spec")) }

    var started: Started? {
        Disk.text(path.appending("started")).flatMap { Self.started($0[...]) }
    }

    var end: Supervisor.End? { Disk.text(path.appending("exit")).flatMap { Self.end($0[...]) } }

    /// Forgets the last run. Only while no shim holds the folder.
    func clear() {
        for name in ["started", "exit", "shim.sock", "started.new", "exit.new"] { unlink(path.appending(name).string) }
    }

    static func started(_ line: Substring) -> Started? {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count >= 3, words[0] == "started", let processID = Int32(words[1]), processID > 1,
            let startTime = UInt64(words[2])
        else { return nil }
        return Started(processID: processID, startTime: startTime)
    }

    static func end(_ line: Substring) -> Supervisor.End? {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, let number = Int32(words[1]) else { return nil }
        switch words[0] {
        case "exited": return .exited(number)
        case "signalled": return .signalled(number)
        default: return nil
        }
    }

    private func refused(_ cause: String) -> Problem {
        Problem(
            "instance.command-refused", "The instance cannot be started.", cause: cause,
            remedy: "Shorten or correct its command and environment.")
    }
}

/// Processes of this machine, as /proc shows them.
enum ProcessTable {
    /// Field 22 of `/proc/PID/stat`; nil once the process is gone.
    static func startTime(_ processID: Int32) -> UInt64? {
        guard let text = Disk.text(FilePath("/proc/\(processID)/stat")), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // A zombie has ended; only its parent has not looked yet.
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }

    /// Kills what a killed shim could not: every process that carries the mount point's mark in
    /// its environment. A number alone is never trusted.
    static func killLeftovers(of mountPoint: FilePath) {
        let mark = Array("\(InstanceEnvironment.mark)=\(mountPoint)".utf8)
        for _ in 0..<20 {
            var killed = 0
            for name in Disk.names(in: "/proc") {
                guard let processID = Int32(name), processID > 1, processID != getpid(),
                    let startTime = startTime(processID),
                    let environment = Disk.read(FilePath("/proc/\(name)/environ")),
                    environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) }),
                    self.startTime(processID) == startTime
                else { continue }
                if kill(processID, SIGKILL) == 0 { killed += 1 }
            }
            if killed == 0 { return }
        }
    }
}
