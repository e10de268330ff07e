import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// The files of one balancer: its engine's file, `state.json`, `certs/` and `run/`.
///
/// A file is written beside its place, synced, and renamed over it: a full disk or a crash leaves
/// the one before.
struct BalancerFolder: Sendable {
    /// A file that is written and synced, and not in its place yet.
    struct Pending {
        let temporary: FilePath
        let final: FilePath
    }

    let path: FilePath
    /// The name of the engine's file.
    var configurationName = "haproxy.cfg"

    var configuration: FilePath { path.appending(configurationName) }
    var state: FilePath { path.appending("state.json") }
    var certificates: FilePath { path.appending("certs") }
    var run: FilePath { path.appending("run") }
    /// The pipe into which the balancer writes what it logs. Balancer and agent both hold both of its ends: what is in
    /// it outlasts either.
    var lines: FilePath { run.appending("lines") }

    /// What the last run of the agent left here.
    var storedState: RunningBalancer? {
        read(state).flatMap { try? JSONDecoder().decode(RunningBalancer.self, from: Data($0)) }
    }

    /// The daemon that an engine has started: it writes its number after the process that started it has ended.
    /// - Returns: nil when it has not done so within five seconds.
    func daemon(writing file: FilePath) async -> ProcessIdentity? {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(5)
        repeat {
            if let text = text(file), text.hasSuffix("\n"),
                let identity = text.split(separator: "\n").first.flatMap({ Int32($0) })
                    .flatMap({ ProcessIdentity(of: $0) })
            {
                return identity
            }
            try? await Task.sleep(for: .milliseconds(2), clock: clock)
        } while clock.now < end
        return nil
    }

    func create() throws(Problem) {
        do {
            for folder in [path, certificates, run] {
                try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
                chmod(folder.string, 0o700)
            }
        } catch {
            throw Self.problem(path, "\(error)")
        }
        guard mkfifo(lines.string, 0o600) == 0 || errno == EEXIST else {
            throw Self.problem(lines, "\(Errno(rawValue: errno))")
        }
    }

    /// What starts a program in this folder that has the pipe for its lines open.
    func command(_ program: FilePath, _ arguments: [String]) -> (program: FilePath, arguments: [String]) {
        let descriptor = HAProxyConfiguration.linesDescriptor
        let script = #"exec \#(descriptor)<>run/lines && exec "$0" "$@""#
        return ("/bin/sh", ["-c", script, program.string] + arguments)
    }

    /// Whether a process writes into the pipe: one that an earlier version of the agent has started does not, and has
    /// something else under that number, or nothing.
    func hasLines(_ process: ProcessIdentity) -> Bool {
        let link = FilePath("/proc/\(process.processID)/fd/\(HAProxyConfiguration.linesDescriptor)")
        guard let opened = try? link.stat(), let pipe = try? lines.stat() else { return false }
        return opened.type == .fifo && opened.inode == pipe.inode && opened.deviceID == pipe.deviceID
    }

    func remove() throws(Problem) {
        guard FileManager.default.fileExists(atPath: path.string) else { return }
        do { try FileManager.default.removeItem(atPath: path.string) } catch { throw Self.problem(path, "\(error)") }
    }

    func read(_ file: FilePath) -> [UInt8]? {
        FileManager.default.contents(atPath: file.string).map(Array.init)
    }

    func text(_ file: FilePath) -> String? { read(file).map { String(decoding: $0, as: UTF8.self) } }

    func prepare(_ bytes: some Sequence<UInt8>, for file: FilePath) throws(Problem) -> Pending {
        let pending = Pending(temporary: FilePath(file.string + ".new"), final: file)
        do {
            let descriptor = try FileDescriptor.open(
                pending.temporary, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite])
            try descriptor.closeAfter {
                _ = try descriptor.writeAll(Array(bytes))
                guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            discard(pending)
            throw Self.problem(file, "\(error)")
        }
        return pending
    }

    func commit(_ pending: Pending) throws(Problem) {
        guard rename(pending.temporary.string, pending.final.string) == 0 else {
            throw Self.problem(pending.final, "\(Errno(rawValue: errno))")
        }
    }

    func discard(_ pending: Pending) { unlink(pending.temporary.string) }

    func replace(_ file: FilePath, by text: String) throws(Problem) { try commit(try prepare(text.utf8, for: file)) }

    /// Puts back what was in the file before; nil: there was none.
    func restore(_ file: FilePath, to text: String?) throws(Problem) {
        if let text { try replace(file, by: text) } else { unlink(file.string) }
    }

    func prepare(_ running: RunningBalancer) throws(Problem) -> Pending {
        guard let bytes = try? JSONEncoder().encode(running) else {
            throw Problem(
                "balancer.file-failed", "A file of the balancer could not be written.", cause: "It has no JSON form.",
                remedy: "This is a fault of Apus: please report it.")
        }
        return try prepare(bytes, for: state)
    }

    /// Stores the listeners' certificates.
    /// - Parameter digests: by port.
    func store(certificatesOf configuration: BalancerConfiguration, _ digests: [Int: Digest]) throws(Problem) {
        for listener in configuration.listeners {
            if let pem = listener.certificate, let digest = digests[listener.port] {
                try store(certificate: pem, digest: digest)
            }
        }
    }

    /// Stores a certificate under the name that the engine's file has for it.
    func store(certificate: String, digest: Digest) throws(Problem) {
        let file = certificates.appending("\(digest.short).pem")
        guard text(file) != certificate else { return }
        try commit(try prepare(certificate.utf8, for: file))
    }

    /// Removes the certificates that nothing refers to any more.
    func keepOnly(certificates kept: some Sequence<Digest>) {
        let names = Set(kept.map { "\($0.short).pem" })
        for name in (try? FileManager.default.contentsOfDirectory(atPath: certificates.string)) ?? []
        where !names.contains(name) {
            unlink(certificates.appending(name).string)
        }
    }

    private static func problem(_ file: FilePath, _ cause: String) -> Problem {
        Problem(
            "balancer.file-failed", "A file of the balancer could not be written.", cause: "\(file): \(cause).",
            remedy: "See whether the disk is full and the folder belongs to the agent's user.")
    }
}
