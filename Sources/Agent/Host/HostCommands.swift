import Core
import Synchronization
import Wire

/// Gives each command to the part of the agent that carries it out.
struct HostCommands: Sendable {
    let keeper: InstanceKeeper
    let balancers: BalancerKeeper
    private let order = BalanceOrder()

    /// - Returns: nil when it succeeded.
    func carryOut(_ command: AgentCommand, output: @escaping @Sendable (String) -> Void) async -> Problem? {
        do throws(Problem) {
            switch command.operation {
            case .phase(let phase, let spec): try await keeper.perform(phase, spec, output: output)
            case .awaitReady(let id): try await keeper.awaitReady(id)
            case .link(let app, let identity): try await keeper.link(app: app, releaseIdentity: identity)
            case .prefetch(let package): try await keeper.prefetch(package)
            case .balance(let configuration, let drained):
                guard order.isNewest(command.id, of: configuration.balancer) else { throw Self.outdated(command.id) }
                // Time for the answer to arrive before the server gives the command up.
                let budget = Duration.milliseconds(max(1000, command.timeout.milliseconds - 8000))
                try await balancers.apply(configuration, drained: drained, deadline: .now + budget)
            case .unbalance(let name): try await balancers.remove(name)
            case .cancel: break
            }
            return nil
        } catch {
            return error
        }
    }

    private static func outdated(_ command: CommandID) -> Problem {
        Problem(
            "command.overtaken", "The configuration was not applied.",
            cause: "A newer one has arrived before \(command).",
            remedy: "Nothing is to be done: the newer one holds.")
    }

    func tail(_ instance: InstanceID, lines: Int, follow: Bool) -> AsyncThrowingStream<[String], any Error> {
        AsyncThrowingStream { continuation in
            // The stream outlives this call: the task ends with its reader.
            let task = Task {
                do throws(Problem) {
                    try await keeper.outputLines(instance, last: lines, follow: follow) { line in
                        if case .terminated = continuation.yield([line]) { return false }
                        return true
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

/// Which configuration of each balancer came last. Commands run beside each other, so two that
/// arrive together could change places.
private final class BalanceOrder: Sendable {
    private let newest = Mutex<[BalancerName: [Int64]]>([:])

    /// - Parameter command: `balance/FENCE/COUNT`; of anything else nothing is known, and it is taken.
    func isNewest(_ command: CommandID, of balancer: BalancerName) -> Bool {
        let numbers = command.text.split(separator: "/").dropFirst().compactMap { Int64($0) }
        guard numbers.count == 2 else { return true }
        return newest.withLock { newest in
            if let last = newest[balancer], numbers.lexicographicallyPrecedes(last) { return false }
            newest[balancer] = numbers
            return true
        }
    }
}
