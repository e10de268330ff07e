import FoundationEssentials
import Glibc
import Subprocess
import Synchronization
import SystemPackage
import Testing

@testable import Agent
@testable import Core

/// A backend of its own process, so that it can be killed.
final class BackendProcess: @unchecked Sendable {
    let processID: pid_t
    let address: String
    let port: Int
    private var isEnded = false

    /// - Parameter isHasty: whether it soon closes the connections that it keeps, and does not say so.
    init(name: String, address: String = "127.0.77.2", isHasty: Bool = false) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let script = #filePath.replacing("Processes.swift", with: "backend.py")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let words: [String] = ["python3", script, address, name] + (isHasty ? ["hasty"] : [])
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let status = posix_spawnp(&child, "python3", &actions, nil, &arguments, environ)
        close(ends[1])
        defer { close(ends[0]) }
        guard status == 0 else { throw Errno(rawValue: status) }
        processID = child
        self.address = address
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < 8 {
            let count = read(ends[0], &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1, byte != UInt8(ascii: "\n") else { break }
            line.append(byte)
        }
        port = Int(String(decoding: line, as: UTF8.self)) ?? 0
        #expect(port > 0)
    }

    func kill() {
        guard !isEnded else { return }
        isEnded = true
        Glibc.kill(processID, SIGKILL)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }
}

/// Runs a program to its end.
func output(_ program: String, _ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
        .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .discarded)
    return result.standardOutput
}

/// What a bounded load saw.
struct Load {
    var requests: Int
    var failures: Int
    var text: String

    /// - Parameters:
    ///   - seconds: how long it lasts.
    ///   - posts: whether it POSTs, each request with a body of its own.
    static func run(_ url: String, host: String, seconds: Int, posts: Bool = false) async throws -> Load {
        let script = posts ? ["-s", #filePath.replacing("Processes.swift", with: "post.lua")] : []
        let text = try await output("wrk", ["-t1", "-c8", "-d\(seconds)s", "-H", "Host: \(host)"] + script + [url])
        var failures = 0
        var requests = 0
        for line in text.split(separator: "\n") {
            let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
            if line.contains("Socket errors") || line.contains("Non-2xx") {
                failures += numbers.dropFirst(line.contains("Non-2xx") ? 2 : 0).reduce(0, +)
            }
            if line.contains("requests in"), let first = numbers.first { requests = first }
        }
        return Load(requests: requests, failures: failures, text: text)
    }
}

/// Ports that tests of this process were given: tests run beside each other, and a port that
/// nobody listens at yet looks free to the next one.
private let portsGiven = Mutex<Set<Int>>([])

/// A port that was free a moment ago, and that no other test was given.
func freePort(_ address: String) throws -> Int {
    while true {
        let port = try anyFreePort(address)
        if portsGiven.withLock({ $0.insert(port).inserted }) { return port }
    }
}

private func anyFreePort(_ address: String) throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, address, &name.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &name) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            guard bind(descriptor, $0, size) == 0, getsockname(descriptor, $0, &size) == 0 else {
                throw Errno(rawValue: errno)
            }
        }
    }
    return Int(UInt16(bigEndian: name.sin_port))
}

/// Waits for a condition, and fails the test when it does not come true in time.
func eventually(_ what: Comment, within seconds: Int = 10, _ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    while clock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what)
}
