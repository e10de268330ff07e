import Glibc
import Testing

@testable import Agent
@testable import Core

@Suite("Every engine passes the contract of balancers", .serialized, .timeLimit(.minutes(3)))
struct BalancerContractTests {
    private func contract(_ engine: BalancerEngine) -> BalancerContract {
        switch engine {
        case .haproxy: BalancerContract { HAProxyDriver(name: $0, root: $1) }
        case .nginx: BalancerContract { NginxDriver(name: $0, root: $1) }
        }
    }

    @Test("A named host before a wildcard before any, then the longest path", arguments: BalancerEngine.allCases)
    func routes(_ engine: BalancerEngine) async throws { try await contract(engine).routesByHostAndPath() }
    @Test("Preflights of the route's origins are answered at once", arguments: BalancerEngine.allCases)
    func cors(_ engine: BalancerEngine) async throws { try await contract(engine).answersPreflights() }
    @Test("A source stays with its instance", arguments: BalancerEngine.allCases)
    func sticky(_ engine: BalancerEngine) async throws { try await contract(engine).keepsSourcesWhereTheyAre() }
    @Test("Websockets pass", arguments: BalancerEngine.allCases)
    func websocket(_ engine: BalancerEngine) async throws { try await contract(engine).passesWebsockets() }
    @Test("TLS ends here", arguments: BalancerEngine.allCases)
    func tls(_ engine: BalancerEngine) async throws { try await contract(engine).terminatesTLS() }
    @Test("Releases switch under load without a failed request", arguments: BalancerEngine.allCases)
    func switching(_ engine: BalancerEngine) async throws { try await contract(engine).switchesUnderLoad() }
    @Test("Servers come and go under load without a failed request", arguments: BalancerEngine.allCases)
    func adding(_ engine: BalancerEngine) async throws { try await contract(engine).addsAndRemovesUnderLoad() }
    @Test("Routes change under load without a failed request", arguments: BalancerEngine.allCases)
    func reloading(_ engine: BalancerEngine) async throws { try await contract(engine).reloadsUnderLoad() }
    @Test("A killed backend fails no request that may be repeated", arguments: BalancerEngine.allCases)
    func killed(_ engine: BalancerEngine) async throws { try await contract(engine).survivesKilledBackend() }
    @Test("A POST that reached an instance is not repeated", arguments: BalancerEngine.allCases)
    func repeated(_ engine: BalancerEngine) async throws { try await contract(engine).repeatsOnlyWhatMayBeRepeated() }
    @Test("No POST fails, and none is carried out twice", arguments: BalancerEngine.allCases)
    func posts(_ engine: BalancerEngine) async throws { try await contract(engine).postsOnce() }
    @Test("A drained server finishes what it has", arguments: BalancerEngine.allCases)
    func drained(_ engine: BalancerEngine) async throws { try await contract(engine).waitsForDrainedServers() }
    @Test("A refused configuration changes nothing", arguments: BalancerEngine.allCases)
    func refused(_ engine: BalancerEngine) async throws { try await contract(engine).keepsServingWhenRefused() }
    @Test("The next run of the agent takes over", arguments: BalancerEngine.allCases)
    func adopted(_ engine: BalancerEngine) async throws { try await contract(engine).isAdopted() }
    @Test("Weights are obeyed, and changed while requests come", arguments: BalancerEngine.allCases)
    func weights(_ engine: BalancerEngine) async throws { try await contract(engine).obeysWeights() }
    @Test("What lasts longer than its app's limit is cut", arguments: BalancerEngine.allCases)
    func cut(_ engine: BalancerEngine) async throws { try await contract(engine).cutsLongConnections() }
    @Test("A full disk changes nothing", .enabled(if: geteuid() == 0), arguments: BalancerEngine.allCases)
    func disk(_ engine: BalancerEngine) async throws { try await contract(engine).survivesFullDisk() }
    @Test("Killed, it serves again, and what was counted stays counted", arguments: BalancerEngine.allCases)
    func revived(_ engine: BalancerEngine) async throws { try await contract(engine).revives() }
    @Test("Each request is a line that says what was asked of whom", arguments: BalancerEngine.allCases)
    func lines(_ engine: BalancerEngine) async throws { try await contract(engine).logsRequests() }
    @Test("Lines outlast a reload, an agent that is away, and a killed balancer", arguments: BalancerEngine.allCases)
    func lasting(_ engine: BalancerEngine) async throws { try await contract(engine).keepsLines() }
    @Test("Nobody waits for an agent that reads no lines", arguments: BalancerEngine.allCases)
    func unread(_ engine: BalancerEngine) async throws { try await contract(engine).servesUnread() }
}
