import Glibc
import Logs
import Telemetry

/// systemd's journal of this host: what a `journalctl` writes, which is started again when it ends.
final class HostJournal: LogInput {
    static let program = "/usr/bin/journalctl"
    /// Nanoseconds before it is started again.
    private static let pause: Int64 = 5_000_000_000

    let name = JournalInput.name
    private(set) var cursor: String?
    private let program: String
    private let labels: LogStream
    private var input: JournalInput?
    private var child: pid_t = 0
    private var nextStart: Int64 = 0

    /// - Parameter cursor: behind which it goes on; nil: with what comes now.
    init(program: String = HostJournal.program, cursor: String?, labels: LogStream) {
        self.program = program
        self.cursor = cursor
        self.labels = labels
    }

    deinit { end() }

    func read(into events: LogEvents, bytesMax: Int) -> Bool {
        if input == nil, events.now >= nextStart {
            nextStart = events.now + Self.pause
            start()
        }
        guard let input else { return false }
        let hasMore = input.read(into: events, bytesMax: bytesMax)
        cursor = input.cursor ?? cursor
        if input.isOver { end() }
        return hasMore
    }

    private func start() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let from = cursor.map { "--after-cursor=\($0)" } ?? "--lines=0"
        let texts = [program, "--output=json", "--follow", from]
        var words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process = pid_t()
        let status = posix_spawn(&process, program, &actions, nil, &words, environ)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            return
        }
        child = process
        input = JournalInput(ends[0], cursor: cursor, labels: labels)
    }

    /// Ends the program, which this has started, and nothing else.
    private func end() {
        input = nil
        guard child > 0 else { return }
        kill(child, SIGKILL)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        child = 0
    }
}
