import Core
import Wire

/// Takes a host's log lines beside what else it says: a store that is slow for a moment holds up no heartbeat.
final class LogParcels: Sendable {
    private let session: AgentSession
    private let take: @Sendable (HostName, LogParcel) async throws(Problem) -> Void
    private let parcels: (stream: AsyncStream<LogParcel>, continuation: AsyncStream<LogParcel>.Continuation)

    init(
        of session: AgentSession, into take: @escaping @Sendable (HostName, LogParcel) async throws(Problem) -> Void
    ) {
        self.session = session
        self.take = take
        parcels = AsyncStream<LogParcel>.makeStream(
            bufferingPolicy: .bufferingOldest(2 * AgentProtocol.logsInFlightMax))
    }

    /// - Throws: `agent.refused` if the host does not wait for acknowledgements.
    func add(_ parcel: LogParcel) throws(Problem) {
        guard case .dropped = parcels.continuation.yield(parcel) else { return }
        throw Problem(
            "agent.refused", "The agent's connection was closed.",
            cause:
                "The host \(session.host) sent more than \(AgentProtocol.logsInFlightMax) batches of log lines ahead.",
            remedy: "Run the agent of this version of Apus.")
    }

    /// Takes them in their order, until it is cancelled. If the store takes nothing the connection ends: the host
    /// sends them again on the next one.
    func run() async {
        for await parcel in parcels.stream {
            do throws(Problem) { try await take(session.host, parcel) } catch { return session.close(error) }
            session.send(.logsAcknowledged(number: parcel.number))
        }
    }
}
