import Core
import HTTPTypes
import Wire

/// Why a caller is not let in. None of these says whether a secret is nearly right.
enum Refusal {
    static let missing = Problem(
        "token.missing", "This needs a token.", cause: "The request shows none.",
        remedy: "Send `Authorization: Bearer TOKEN`; `apus token create` makes one.")
    static let refused = Problem(
        "token.refused", "The token was refused.", cause: "It is unknown, expired or revoked.",
        remedy: "Ask an admin for another one: `apus token create`.")
    static let crossOrigin = Problem(
        "request.cross-origin", "The request was refused.", cause: "A page of another origin sent it.",
        remedy: "Open the dashboard itself and do it there.")
    static let form = Problem(
        "session.form-stale", "The form was refused.", cause: "It does not belong to this session.",
        remedy: "Load the page again and send the form once more.")

    static func otherFabric(_ principal: Principal, _ fabric: FabricName) -> Problem {
        Problem(
            "token.other-fabric", "The token is not for this fabric.",
            cause: "It is for \(principal.fabric?.text ?? "another fabric"), and this is \(fabric).",
            remedy: "Use a token of \(fabric).")
    }

    static func role(_ principal: Principal, needs role: Role) -> Problem {
        Problem(
            "role.insufficient", "Your role does not allow this.",
            cause:
                "It needs the role \(role.rawValue), and \(quotedForMessage(principal.label)) has \(principal.role.rawValue).",
            remedy: "Ask someone with the role \(role.rawValue).")
    }
}

extension Problem {
    /// The HTTP status that goes with the code. What isn't listed could be understood and was
    /// allowed, and still can't be done: 422.
    var status: HTTPResponse.Status {
        switch code {
        case "token.missing", "token.refused": return .unauthorized
        case "token.other-fabric", "role.insufficient", "request.cross-origin", "session.form-stale": return .forbidden
        case "route.unknown": return .notFound
        case "body.too-large", "gzip.too-large": return .contentTooLarge
        case "body.media-type": return .unsupportedMediaType
        case "server.internal": return .internalServerError
        case "state.full", "state.busy", "state.disk-failed", "state.corrupt": return .serviceUnavailable
        case "server.busy": return .tooManyRequests
        default: break
        }
        switch code.split(separator: ".").last {
        case "invalid": return .badRequest
        case "unknown": return .notFound
        case "stale", "conflict", "locked", "ended": return .conflict
        case "silent", "unavailable", "not-ready": return .serviceUnavailable
        default: return .unprocessableContent
        }
    }
}
