package import Core

/// What a caller may do. Each role may do everything that the roles before it may.
package enum Role: String, Codable, Comparable, CaseIterable, Hashable, Sendable {
    /// Sends metrics, and reads nothing.
    case reporter
    /// Reads everything but secrets.
    case viewer
    /// Plans, deploys, rolls back and scales apps, and steers executions.
    case deployer
    /// Applies commits, drains hosts and lets hosts join.
    case `operator`
    /// Makes and revokes tokens.
    case admin

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .reporter: 0
        case .viewer: 1
        case .deployer: 2
        case .operator: 3
        case .admin: 4
        }
    }
}

/// Who calls, as far as a token says.
package struct Principal: Codable, Hashable, Sendable {
    /// The token's name, as people gave it.
    package var label: String
    package var role: Role
    /// The one fabric that the token is for; nil: every fabric.
    package var fabric: FabricName?
    package var tokenID: String

    package init(label: String, role: Role, fabric: FabricName?, tokenID: String) {
        self.label = label
        self.role = role
        self.fabric = fabric
        self.tokenID = tokenID
    }
}
