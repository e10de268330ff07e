import Glibc

/// A program of somebody else's that a test talks to. It ends with its owner, by its id.
package final class Program: @unchecked Sendable {
    // Unchecked: the test that has it starts and ends it, one after the other.

    private let command: [String]
    private let output: String
    private var id: pid_t?

    private struct NotStarted: Error { var command: [String] }

    /// Starts it.
    /// - Parameter output: the file to which it writes what it says.
    package init(_ command: [String], output: String = "/dev/null") throws {
        self.command = command
        self.output = output
        try start()
    }

    deinit { kill() }

    /// Starts it again, after it was ended.
    package func start() throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Threads of a pool block signals, and a program inherits that: it could not be asked to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        guard posix_spawn(&child, command[0], &actions, &attributes, &arguments, environ) == 0 else {
            throw NotStarted(command: command)
        }
        id = child
    }

    /// Asks it to end, and makes it end if it does not within three seconds.
    package func end() {
        guard let child = id else { return }
        Glibc.kill(child, SIGTERM)
        for _ in 0..<600 {
            if waitpid(child, nil, WNOHANG) == child {
                id = nil
                return
            }
            usleep(5000)
        }
        kill()
    }

    /// As a power button does it: kill -9.
    package func kill() {
        guard let child = id else { return }
        Glibc.kill(child, SIGKILL)
        _ = wait()
    }

    private func wait() -> Int32 {
        guard let child = id else { return -1 }
        id = nil
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// Runs a program to its end and gives its status, as `waitpid` does.
    package static func run(_ command: [String]) throws -> Int32 { try Program(command).wait() }

    /// A port of 127.0.0.1 that was free a moment ago.
    package static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        precondition(result == 0, "a machine without a free port can test nothing")
        return Int(UInt16(bigEndian: name.sin_port))
    }
}
