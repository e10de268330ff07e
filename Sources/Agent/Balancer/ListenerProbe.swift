import Core
import NIOCore

/// Finds out whether addresses and ports can be listened on before HAProxy is told to. HAProxy
/// itself would share a port with another HAProxy of the same user without a word.
enum ListenerProbe {
    private struct Endpoint: Hashable {
        var address: String
        var port: Int
    }

    /// - Parameter old: what HAProxy listens on already.
    /// - Throws: `balancer.port-busy`.
    static func check(_ configuration: BalancerConfiguration, inPlaceOf old: BalancerConfiguration?) throws(Problem) {
        let known = Set(old.map(endpoints) ?? [])
        for endpoint in endpoints(of: configuration) where !known.contains(endpoint) {
            if let cause = fault(endpoint) {
                throw Problem(
                    "balancer.port-busy", "The balancer cannot listen; what it did before it still does.",
                    cause: "\(endpoint.address) port \(endpoint.port): \(cause).",
                    remedy: "Free the port, or give the balancer another one.")
            }
        }
    }

    private static func endpoints(of configuration: BalancerConfiguration) -> [Endpoint] {
        configuration.listeners.map { Endpoint(address: $0.address, port: $0.port) }
    }

    private static func fault(_ endpoint: Endpoint) -> String? {
        guard let address = try? SocketAddress(ipAddress: endpoint.address, port: endpoint.port) else {
            return "this is not an address"
        }
        return address.bindFault()
    }
}
