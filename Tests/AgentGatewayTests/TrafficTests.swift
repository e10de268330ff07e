import Core
import NIOCore
import Testing
import Wire

@testable import Agent

@Suite("What an agent tells of traffic")
struct TrafficTests {
    private let edge = BalancerName(checked: "edge")

    private func servers(_ count: Int, requests: Int64) throws -> [ServerTraffic] {
        try (1...count).map {
            ServerTraffic(instance: try InstanceID("shop.web.\($0).r7"), traffic: Traffic(requests: requests))
        }
    }

    private func told(_ messages: [AgentMessage]) -> [BalancerTraffic] {
        messages.flatMap { message -> [BalancerTraffic] in
            if case .traffic(let balancers) = message { balancers } else { [] }
        }
    }

    @Test("everything first, also nothing; then what has changed")
    func news() throws {
        var traffic = TrafficTold()
        #expect(told(traffic.news(in: [:])).isEmpty && traffic.isEmpty)
        #expect(told(traffic.news(in: [edge: []])) == [BalancerTraffic(balancer: edge, servers: [])])
        #expect(told(traffic.news(in: [edge: try servers(3, requests: 5)])).map(\.servers.count) == [3])
        #expect(told(traffic.news(in: [edge: try servers(3, requests: 5)])).isEmpty)
        var later = try servers(3, requests: 5)
        later[1].traffic.requests = 6
        #expect(told(traffic.news(in: [edge: later])) == [BalancerTraffic(balancer: edge, servers: [later[1]])])
    }

    @Test("an instance that moved is told once, with both of its servers")
    func moved() throws {
        var traffic = TrafficTold()
        let messages = traffic.news(in: [edge: try servers(1, requests: 5) + servers(1, requests: 2)])
        #expect(told(messages).flatMap(\.servers).map(\.traffic.requests) == [7])
    }

    @Test("many servers come in pieces that fit a frame, of which the last is marked")
    func pieces() throws {
        var full = Traffic(requests: 1 << 40)
        for time in 0..<500 {
            full.latency.record(microseconds: Int64(1) << Int64(time % 32) + Int64(time * 37), times: 1 << 40)
        }
        let many = try servers(1201, requests: 1).map { ServerTraffic(instance: $0.instance, traffic: full) }
        var traffic = TrafficTold()
        let messages = traffic.news(in: [edge: many])
        #expect(told(messages).map(\.servers.count) == [300, 300, 300, 300, 1])
        #expect(told(messages).map(\.isLast) == [false, false, false, false, true])
        for message in messages {
            let bytes = try Frame(message).bytes
            #expect(bytes < AgentProtocol.frameBytesMax, "\(bytes)")
        }
    }
}

extension Frame {
    fileprivate var bytes: Int {
        switch self {
        case .message(let json): json.readableBytes
        case .packageBytes(_, let bytes), .metrics(_, let bytes): bytes.readableBytes
        case .logs(let parcel): parcel.bytes.readableBytes
        }
    }
}
