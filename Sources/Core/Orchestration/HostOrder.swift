/// Something that a host is to do, as the orchestrator asks for it.
package struct HostOrder: Hashable, Sendable {
    package enum Operation: Hashable, Sendable {
        case prefetch(PackageReference)
        case phase(LifecyclePhase, InstanceSpec)
        case awaitReady(InstanceID)
        case link(app: AppName, releaseIdentity: Digest)
        case balance(BalancerConfiguration, drained: [InstanceID])
    }

    /// Never used again, so that an agent carries an order out once however often it is sent.
    package var id: String
    package var host: HostName
    package var timeout: Interval
    package var operation: Operation

    package init(id: String, host: HostName, timeout: Interval, operation: Operation) {
        self.id = id
        self.host = host
        self.timeout = timeout
        self.operation = operation
    }
}

/// Which step of which execution an order belongs to.
struct OrderName: Hashable {
    var execution: Int64
    var step: Int
    var attempt: Int

    init(execution: Int64, step: Int, attempt: Int) {
        self.execution = execution
        self.step = step
        self.attempt = attempt
    }

    /// - Returns: nil for an order that belongs to no step, such as a balancer's.
    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 4, parts[0] == "execution", let execution = Int64(parts[1]), let step = Int(parts[2]),
            let attempt = Int(parts[3])
        else { return nil }
        self.init(execution: execution, step: step, attempt: attempt)
    }

    var text: String { "execution/\(execution)/\(step)/\(attempt)" }
}
