/// The program that a balancer is.
package enum BalancerEngine: String, Codable, Hashable, Sendable, CaseIterable {
    case haproxy
    case nginx
}
