import Core
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

@Suite("Log lines over the connection")
struct LogFramesTests {
    private let host: HostName

    init() throws { host = try HostName("web-1") }

    /// Says hello in a version, sends batches, and returns what the server says until it has acknowledged the last, or
    /// until it has answered a heartbeat if there is none.
    private func answers(
        _ fabric: Fabric, version: Int, parcels: [UInt64], announcing: Bool = false
    ) async throws -> [ServerMessage] {
        let gateway = fabric.gateway()
        return try await serving(gateway) { server in
            let channel = try await AgentTLS.connect(
                to: server, as: try fabric.identity(host), on: MultiThreadedEventLoopGroup.singleton)
            return try await within {
                try await channel.executeThenClose { inbound, writer in
                    try await writer.send(.hello(AgentHello(protocolVersion: version, host: host, run: 1)))
                    var said: [ServerMessage] = []
                    for try await frame in inbound {
                        let message = try frame.messageFromServer
                        said.append(message)
                        switch message {
                        case .welcome:
                            if announcing { gateway.announceLogs() }
                            for number in parcels {
                                try await writer.write(
                                    .logs(LogParcel(number: number, buffer: 9, bytes: ByteBuffer(bytes: [1, 2]))))
                            }
                            try await writer.send(AgentMessage.heartbeat(sequence: 1))
                        case .logsAcknowledged(let number): if number == parcels.last { return said }
                        case .heartbeat: if parcels.isEmpty { return said }
                        default: break
                        }
                    }
                    return said
                }
            }
        }
    }

    @Test("batches are kept in their order, and acknowledged each")
    func acknowledged() async throws {
        let fabric = try Fabric()
        fabric.logCollection.withLock { $0 = LogCollection() }
        let said = try await answers(fabric, version: 4, parcels: [3, 4, 70_000])
        #expect(fabric.logged.values.map(\.number) == [3, 4, 70_000])
        #expect(fabric.logged.values.allSatisfy { $0.buffer == 9 && $0.bytes == ByteBuffer(bytes: [1, 2]) })
        #expect(said.contains { if case .welcome(let welcome) = $0 { welcome.logs == LogCollection() } else { false } })
    }

    @Test("an agent of version 3 is served, and told nothing that it does not know", arguments: [3, 4])
    func oldAgent(version: Int) async throws {
        let fabric = try Fabric()
        let said = try await answers(fabric, version: version, parcels: [], announcing: true)
        let isTold = said.contains { if case .logsCollection = $0 { true } else { false } }
        #expect(isTold == (version == 4))
    }
}
