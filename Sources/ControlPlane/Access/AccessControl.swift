package import Core
package import Wire

/// Recognizes callers. What a recognized caller may do is said by each route.
package struct AccessControl: Sendable {
    private let tokens: TokenStore
    private let sessions: SessionStore

    package init(tokens: TokenStore, sessions: SessionStore) {
        self.tokens = tokens
        self.sessions = sessions
    }

    /// - Parameter bearer: what follows `Bearer ` in the request's `Authorization`.
    /// - Throws: `access.unauthenticated`, the same whatever is wrong with the token.
    package func authenticate(bearer: String) async throws(Problem) -> Principal {
        guard let token = try await tokens.find(token: bearer) else { throw Self.unauthenticated }
        return token.principal
    }

    /// - Parameter cookie: the value of the cookie `apus_session`.
    package func authenticate(cookie: String) async throws(Problem) -> (Principal, SessionStore.Session) {
        guard let session = try await sessions.find(cookie: cookie) else { throw Self.unauthenticated }
        return (session.token.principal, session)
    }

    package static var unauthenticated: Problem {
        Problem(
            "access.unauthenticated", "You are not logged in.",
            cause: "No valid token or session came with the request.",
            remedy: "Set APUS_TOKEN, or log in again; an admin makes tokens: apus token create.")
    }

    /// - Throws: `access.forbidden` when the caller's role is below the one that is needed.
    package static func require(_ role: Role, of principal: Principal) throws(Problem) {
        guard principal.role >= role else {
            throw Problem(
                "access.forbidden", "You may not do this.",
                cause:
                    "It takes the role \(role.rawValue); \(quotedForMessage(principal.label)) has \(principal.role.rawValue).",
                remedy: "Ask an admin for a token with the role \(role.rawValue).")
        }
    }
}

extension TokenRecord {
    package var principal: Principal { Principal(label: label, role: role, fabric: fabric, tokenID: id) }
}
