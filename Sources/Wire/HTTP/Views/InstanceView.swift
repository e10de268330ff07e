package import Core

/// How something is, at a glance. Never shown by colour alone: a reason goes with it.
package enum Colour: String, Codable, Hashable, Comparable, Sendable, CaseIterable {
    case green
    case yellow
    case red

    /// The worse colour is the greater.
    package static func < (left: Colour, right: Colour) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .green: 0
        case .yellow: 1
        case .red: 2
        }
    }
}

/// An instance that is, or should be, with everything that people and filters ask about it.
package struct InstanceView: Codable, Hashable, Sendable {
    package enum Duty: String, Codable, Hashable, Sendable, CaseIterable {
        case starting
        case serving
        case warm
        case leaving
        /// It is on a host and nothing of the control plane's knows it.
        case none
    }

    package var id: InstanceID
    package var app: AppName
    package var process: ProcessName
    package var slot: Int
    package var release: Int
    package var host: HostName
    package var zone: ZoneName?
    package var hostClass: HostClassName?
    /// The host's labels, with those of its class.
    package var labels: [String: String] = [:]
    package var state: LifecycleState
    package var health: Health
    package var duty: Duty
    /// Until when a warm instance stays.
    package var warmUntil: Instant?
    package var colour: Colour
    /// Why it has its colour, in a few words: `healthy`, `exit code 1, started again 4 times`.
    package var reason: String
    package var port: Int?
    package var processID: Int32?
    package var restarts: Int = 0
    /// When state, health or failure last changed.
    package var since: Instant?
    package var delta: Delta.State
    package var differences: [Delta.Difference] = []

    package init(
        id: InstanceID, app: AppName, process: ProcessName, slot: Int, release: Int, host: HostName,
        zone: ZoneName? = nil, hostClass: HostClassName? = nil, labels: [String: String] = [:], state: LifecycleState,
        health: Health, duty: Duty, warmUntil: Instant? = nil, colour: Colour, reason: String, port: Int? = nil,
        processID: Int32? = nil, restarts: Int = 0, since: Instant? = nil, delta: Delta.State,
        differences: [Delta.Difference] = []
    ) {
        self.id = id
        self.app = app
        self.process = process
        self.slot = slot
        self.release = release
        self.host = host
        self.zone = zone
        self.hostClass = hostClass
        self.labels = labels
        self.state = state
        self.health = health
        self.duty = duty
        self.warmUntil = warmUntil
        self.colour = colour
        self.reason = reason
        self.port = port
        self.processID = processID
        self.restarts = restarts
        self.since = since
        self.delta = delta
        self.differences = differences
    }
}

/// How an instance differs from what it should be.
package struct DeltaView: Codable, Hashable, Sendable {
    package var instance: InstanceID
    package var host: HostName
    package var state: Delta.State
    package var differences: [Delta.Difference]

    package init(instance: InstanceID, host: HostName, state: Delta.State, differences: [Delta.Difference]) {
        self.instance = instance
        self.host = host
        self.state = state
        self.differences = differences
    }
}
