import Core
import Synchronization
import Wire

/// Who is connected, and what waits for whom. The lock makes "connects" and "is given a command"
/// one after the other, so that a command is never lost between them.
final class AgentHub: Sendable {
    private struct State {
        var sessions: [HostName: AgentSession] = [:]
        var queues = CommandQueues()
    }

    private let state = Mutex(State())

    var hosts: Set<HostName> { state.withLock { Set($0.sessions.keys) } }

    /// Says something to every host that is connected.
    func sendToAll(_ message: ServerMessage) {
        for session in state.withLock({ Array($0.sessions.values) }) { session.send(message) }
    }

    /// Sends each host its own message, if its agent speaks this version or a later one.
    func sendToAll(from version: Int, _ message: (HostName) -> ServerMessage) {
        for session in state.withLock({ Array($0.sessions.values) }) where session.protocolVersion >= version {
            session.send(message(session.host))
        }
    }

    func session(of host: HostName) -> AgentSession? { state.withLock { $0.sessions[host] } }

    /// Makes the session the host's only one, and gives it everything that the host still owes.
    /// - Returns: the session before, which is to be closed.
    func register(_ session: AgentSession, welcome: ServerMessage) -> AgentSession? {
        state.withLock { state in
            session.send(welcome)
            for command in state.queues.waiting(for: session.host) { session.send(.command(command)) }
            return state.sessions.updateValue(session, forKey: session.host)
        }
    }

    /// - Returns: whether the session was still the host's own.
    func unregister(_ session: AgentSession) -> Bool {
        state.withLock { state in
            guard state.sessions[session.host] === session else { return false }
            state.sessions[session.host] = nil
            return true
        }
    }

    func send(_ command: AgentCommand, to host: HostName) throws(Problem) {
        let fault: Problem? = state.withLock { state in
            do throws(Problem) {
                guard try state.queues.add(command, for: host) else { return nil }
                state.sessions[host]?.send(.command(command))
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw fault }
    }

    func remove(_ command: CommandID, for host: HostName) {
        state.withLock { $0.queues.remove(command, for: host) }
    }

    func waiting(for host: HostName) -> [AgentCommand] { state.withLock { $0.queues.waiting(for: host) } }
}
