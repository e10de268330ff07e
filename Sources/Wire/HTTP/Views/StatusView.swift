package import Core

/// How many of something have each colour.
package struct ColourCounts: Codable, Hashable, Sendable {
    package var green: Int = 0
    package var yellow: Int = 0
    package var red: Int = 0

    package var total: Int { green + yellow + red }

    /// The worst colour that occurs; green when nothing does.
    package var worst: Colour { red > 0 ? .red : yellow > 0 ? .yellow : .green }

    package mutating func add(_ colour: Colour) {
        switch colour {
        case .green: green += 1
        case .yellow: yellow += 1
        case .red: red += 1
        }
    }

    package mutating func add(_ counts: ColourCounts) {
        green += counts.green
        yellow += counts.yellow
        red += counts.red
    }

    package init(green: Int = 0, yellow: Int = 0, red: Int = 0) {
        self.green = green
        self.yellow = yellow
        self.red = red
    }
}

/// The fabric at a glance.
package struct StatusView: Codable, Hashable, Sendable {
    package var fabric: FabricName
    package var colour: Colour
    /// Why it is not green, the worst first; empty when it is.
    package var reasons: [String]
    /// The commit of the configuration repository that is desired now.
    package var commit: String
    /// A newer commit that waits for `apus apply`, or that is broken.
    package var pendingCommit: String?
    /// Why it cannot be used; nil: it waits.
    package var pendingProblem: Problem?
    package var desiredRevision: Int64
    package var liveRevision: Int64
    package var at: Instant
    package var hosts: ColourCounts
    package var instances: ColourCounts
    package var apps: [AppView]
    package var hostList: [HostView]
    /// Executions that run or are paused, without their steps.
    package var executions: [ExecutionView]

    package init(
        fabric: FabricName, colour: Colour, reasons: [String], commit: String, pendingCommit: String? = nil,
        pendingProblem: Problem? = nil, desiredRevision: Int64, liveRevision: Int64, at: Instant, hosts: ColourCounts,
        instances: ColourCounts,
        apps: [AppView], hostList: [HostView], executions: [ExecutionView]
    ) {
        self.fabric = fabric
        self.colour = colour
        self.reasons = reasons
        self.commit = commit
        self.pendingCommit = pendingCommit
        self.pendingProblem = pendingProblem
        self.desiredRevision = desiredRevision
        self.liveRevision = liveRevision
        self.at = at
        self.hosts = hosts
        self.instances = instances
        self.apps = apps
        self.hostList = hostList
        self.executions = executions
    }
}

package struct VersionView: Codable, Hashable, Sendable {
    package var version: String
    package var fabric: FabricName
    package var api: String

    package init(version: String, fabric: FabricName, api: String) {
        self.version = version
        self.fabric = fabric
        self.api = api
    }
}

/// Something that `apus doctor` looked at.
package struct DoctorFinding: Codable, Hashable, Sendable {
    package var name: String
    /// What was found, when it is as it should be.
    package var sentence: String
    /// What is wrong; nil: nothing.
    package var problem: Problem?

    package init(name: String, sentence: String, problem: Problem? = nil) {
        self.name = name
        self.sentence = sentence
        self.problem = problem
    }
}
