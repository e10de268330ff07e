import Dispatch
import Glibc
import SystemPackage
import Testing

/// An S3 of this machine: moto's server, which bin/setup installs. It ends with the test.
final class MotoServer {
    let port: Int
    private let processID: pid_t

    /// - Parameter count: how many requests are answered before signatures are looked at; nil: all.
    init(checksSignaturesAfter count: Int? = nil) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let root = String(#filePath.split(separator: "/Tests/PackagesTests/")[0])
        let program = "/\(root.drop { $0 == "/" })/.build/python/bin/moto_server"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let settings = ["PATH=/usr/bin:/bin", "PYTHONUNBUFFERED=1"]
        var words = Self.copies([program, "-H", "127.0.0.1", "-p", "0"])
        var variables = Self.copies(settings + (count.map { ["INITIAL_NO_AUTH_ACTION_COUNT=\($0)"] } ?? []))
        defer { for text in words + variables { free(text) } }
        var child = pid_t()
        let status = posix_spawn(&child, program, &actions, nil, &words, &variables)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw Errno(rawValue: status)
        }
        processID = child
        port = try Self.port(saidOn: ends[0])
        // It tells of every request, and would wait for somebody to listen.
        let output = ends[0]
        DispatchQueue.global().async {
            var chunk = [UInt8](repeating: 0, count: 4096)
            while read(output, &chunk, chunk.count) > 0 {}
            close(output)
        }
    }

    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } + [nil] }

    /// What the server says when it listens: ` * Running on http://127.0.0.1:34055`.
    private static func port(saidOn output: CInt) throws -> Int {
        var text = ""
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                Issue.record("moto_server said: \(text)")
                throw Errno(rawValue: EPIPE)
            }
            text += String(decoding: chunk[..<count], as: UTF8.self)
            guard let start = text.firstRange(of: "http://127.0.0.1:")?.upperBound,
                let end = text[start...].firstIndex(of: "\n"), let port = Int(text[start..<end])
            else { continue }
            return port
        }
    }

    deinit {
        kill(processID, SIGKILL)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }
}
