import Core

/// HAProxy's command line, through its master.
struct HAProxySocket: Sendable {
    private let socket: LocalSocket

    init(folder: String, name: String) {
        socket = LocalSocket(folder: folder, name: name, engine: "HAProxy", closesHalf: true)
    }

    /// Commands for the master itself.
    func master(_ command: String) async throws(Problem) -> String { try await exchange(command) }

    /// Commands for one worker, sent through its master: only the master's socket always leads
    /// to the worker that is meant, also while one worker follows another.
    func worker(_ worker: Int32, _ commands: [BalancerLine]) async throws(Problem) -> String {
        var answers = ""
        var batch = ""
        for command in commands {
            // HAProxy reads at most one buffer (16 KiB) at a time.
            if batch.utf8.count + command.text.utf8.count > 8 << 10 {
                answers += try await exchange("@!\(worker);\(batch)")
                batch = command.text.hasPrefix("experimental") ? "" : "experimental-mode on;"
            }
            batch += command.text + ";"
        }
        return answers + (try await exchange("@!\(worker);\(batch)"))
    }

    /// - Parameter name: the socket of the worker itself.
    func hold(worker name: String) -> LocalSocket.Connection? { try? socket.sibling(name).connected() }

    private func exchange(_ commands: String) async throws(Problem) -> String {
        try await socket.exchange(commands + "\n")
    }
}
