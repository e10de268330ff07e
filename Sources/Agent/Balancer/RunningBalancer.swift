import Core

/// What is known to serve: `state.json` of a balancer's folder.
struct RunningBalancer: Codable, Sendable {
    var configuration: BalancerConfiguration
    var digest: Digest
    var process: ProcessIdentity
}
