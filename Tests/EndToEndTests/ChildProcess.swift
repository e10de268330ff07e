import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// What did not come about.
struct Trouble: Error, CustomStringConvertible {
    var description: String
}

/// A process that a test started, in a session of its own, with what it says in files.
final class ChildProcess: Sendable {
    let processID: pid_t
    let data: FilePath
    let words: FilePath
    private let ending = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - arguments: the program, found on the path, and its arguments.
    ///   - environment: added to the test's own.
    ///   - data: the file for standard output.
    ///   - words: the file for standard error.
    init(_ arguments: [String], environment: [String: String] = [:], data: FilePath, words: FilePath) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, path) in [(Int32(1), data), (Int32(2), words)] {
            posix_spawn_file_actions_addopen(&actions, descriptor, path.string, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of the test block signals; what they start must not.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // POSIX_SPAWN_SETSID is 0x80; glibc's headers do not show it to Swift.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | 0x80)
        var all = ["NO_COLOR": "1"]
        for name in [
            "PATH", "HOME", "LANG", "TMPDIR", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "SSL_CERT_FILE",
            "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
        ] {
            if let value = getenv(name) { all[name] = String(cString: value) }
        }
        all.merge(environment) { _, added in added }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + variables { free(text) } }
        var child = pid_t()
        let status = posix_spawnp(&child, arguments[0], &actions, &attributes, &argv, &variables)
        guard status == 0 else {
            throw Trouble(description: "\(arguments[0]) does not start: \(Errno(rawValue: status))")
        }
        processID = child
        self.data = data
        self.words = words
    }

    func signal(_ number: Int32) {
        guard poll() == nil else { return }
        kill(processID, number)
    }

    /// Ends it as a power cut would.
    func killNow() async throws {
        signal(SIGKILL)
        _ = try await end(within: 5)
    }

    /// How it ended: its exit code, or the signal's number below zero; nil while it runs.
    func poll() -> Int32? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
            ending = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
            return ending
        }
    }

    func end(within seconds: Int) async throws -> Int32 {
        do {
            return try await eventually("The end of process \(processID)", within: seconds) { poll() }
        } catch {
            kill(processID, SIGKILL)
            throw error
        }
    }
}

/// Waits for a value.
/// - Throws: `Trouble`, with the last error, when there is none in time.
@discardableResult
func eventually<Value>(
    _ what: String, within seconds: Int = 30, _ condition: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + .seconds(seconds)
    var lastError: (any Error)?
    while true {
        do {
            if let value = try await condition() { return value }
            lastError = nil
        } catch {
            lastError = error
        }
        guard ContinuousClock.now < end else {
            throw Trouble(description: "\(what) did not come within \(seconds) s. \(lastError.map { "\($0)" } ?? "")")
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// Waits until something holds.
func eventually(_ what: String, within seconds: Int = 30, holds condition: () async throws -> Bool) async throws {
    try await eventually(what, within: seconds) { try await condition() ? true : nil }
}
