package import Core

/// What a caller may do in a fabric. Each role may do what the ones before it may.
package enum Role: String, Codable, Hashable, Sendable, CaseIterable, Comparable, CustomStringConvertible {
    /// Sees.
    case viewer
    /// Deploys, rolls back and scales apps.
    case deployer
    /// Drains hosts, pauses and aborts executions, lets hosts join.
    case operator_ = "operator"
    /// Makes and revokes tokens.
    case admin

    package var description: String { rawValue }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .deployer: 1
        case .operator_: 2
        case .admin: 3
        }
    }

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// Who calls, after the caller has been recognized.
package struct Principal: Codable, Hashable, Sendable {
    /// How the audit log calls them: the token's label.
    package var name: String
    package var role: Role
    package var fabric: FabricName
    /// The token that the caller came with, or that the session began with.
    package var token: String

    package init(name: String, role: Role, fabric: FabricName, token: String) {
        self.name = name
        self.role = role
        self.fabric = fabric
        self.token = token
    }
}
