import Core
import NIOCore
import Synchronization
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

@Suite("Measurements of agents")
struct MetricsTests {
    private let host = HostName(checked: "web-1")

    @Test("arrive in order, from before the connection and after it, and are kept no longer")
    func order() async throws {
        let fabric = try Fabric()
        try await serving(fabric.gateway()) { address in
            let agent = try TestAgent(host, identity: try fabric.identity(host), server: address)
            agent.metrics.add([1])
            try await agent.running {
                try await fabric.measured.wait { $0.map(\.bytes) == [[1]] }
                for byte in 2...40 { agent.metrics.add([UInt8(byte)]) }
                try await fabric.measured.wait { $0.count == 40 }
                #expect(fabric.measured.values.map(\.bytes) == (1...40).map { [UInt8($0)] })
            }
        }
    }

    @Test("what cannot be kept now is kept later on the same connection, in order")
    func held() async throws {
        let fabric = try Fabric()
        fabric.refusals.withLock { $0 = 5 }
        try await serving(fabric.gateway()) { address in
            let agent = try TestAgent(host, identity: try fabric.identity(host), server: address)
            try await agent.running {
                try await fabric.seen.waitForConnection(of: host)
                for byte in 1...20 { agent.metrics.add([UInt8(byte)]) }
                try await fabric.measured.wait { $0.count == 20 }
                #expect(fabric.measured.values.map(\.bytes) == (1...20).map { [UInt8($0)] })
            }
        }
    }

    @Test("what a server did not acknowledge is sent again to the next one")
    func again() async throws {
        let fabric = try Fabric()
        let agent = try await serving(fabric.gateway()) { address in
            let agent = try TestAgent(host, identity: try fabric.identity(host), server: address)
            try await agent.running { try await fabric.seen.waitForConnection(of: host) }
            return agent
        }
        for byte in 1...20 { agent.metrics.add([UInt8(byte)]) }
        // The connection ends with parcels on their way, some taken and not acknowledged.
        #expect(agent.metrics.parcels(after: 0).count == 16)
        agent.metrics.acknowledge(2)
        #expect(agent.metrics.parcels(after: 0).map(\.sequence).prefix(3) == [1, 3, 4])
    }

    @Test("a server that stays away costs bounded memory, and the oldest go")
    func bounded() {
        let outbox = MetricsOutbox(bytesMax: 1000)
        for _ in 0..<100 { outbox.add([UInt8](repeating: 7, count: 100)) }
        #expect(outbox.droppedCount == 90)
        #expect(outbox.parcels(after: 0).first?.sequence == 91)
    }

    @Test("a frame beyond what agents send ends the connection")
    func refused() throws {
        #expect(throws: Problem.self) { try ReportCheck.check(metricsBytes: AgentProtocol.metricsBytesMax + 1) }
    }
}
