import Core
import Wire

/// The colour of an instance, and the reason for it in a few words.
struct InstanceStanding: Equatable {
    var colour: Colour
    var reason: String

    /// - Parameters:
    ///   - duty: nil for what is on a host and unknown to the control plane.
    ///   - live: nil when the host does not report the instance.
    init(
        duty: InstanceRecord.Duty?, host: HostName, contact: LiveHost.Contact, live: LiveInstance?,
        differences: [Delta.Difference]
    ) {
        // What does not serve harms nobody by not working yet, or any more.
        let isNeeded = duty == .serving
        func broken(_ reason: String) -> InstanceStanding { InstanceStanding(isNeeded ? .red : .yellow, reason) }

        switch contact {
        case .lost: self.init(isNeeded ? .red : .yellow, "host \(host) is lost")
        case .silent: self.init(.yellow, "host \(host) is silent")
        case .expected where live == nil: self = broken("host \(host) has not joined")
        case .connected, .expected:
            guard let duty else {
                self.init(.yellow, "not expected on this host")
                return
            }
            guard let live else {
                self = duty == .starting ? InstanceStanding(.yellow, "being brought up") : broken("not deployed")
                return
            }
            self = Self.judge(duty, live, differences, broken)
        }
    }

    private init(_ colour: Colour, _ reason: String) {
        self.colour = colour
        self.reason = reason
    }

    private static func judge(
        _ duty: InstanceRecord.Duty, _ live: LiveInstance, _ differences: [Delta.Difference],
        _ broken: (String) -> InstanceStanding
    ) -> InstanceStanding {
        if let failure = live.failure {
            // A first start that fails is as bad as one that served.
            return duty == .starting ? InstanceStanding(.red, failure) : broken(failure)
        }
        if duty == .leaving { return InstanceStanding(.yellow, "leaving") }
        if case .warm = duty, live.state == .stopped {
            return InstanceStanding(.green, "warm, ready to start again")
        }
        guard live.state == .running else {
            return duty == .starting ? InstanceStanding(.yellow, live.state.rawValue) : broken(live.state.rawValue)
        }
        switch live.health {
        case .unhealthy: return broken("does not answer its probe")
        case .starting: return InstanceStanding(.yellow, "starting")
        case .healthy, .unchecked: break
        }
        if let difference = differences.first { return InstanceStanding(.yellow, difference.description) }
        switch duty {
        case .warm: return InstanceStanding(.green, "warm, ready to take over")
        case .starting: return InstanceStanding(.yellow, "ready, and not serving yet")
        case .serving, .leaving: return InstanceStanding(.green, live.health == .healthy ? "healthy" : "running")
        }
    }
}
