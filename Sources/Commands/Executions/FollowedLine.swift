import Core
import Wire

/// An object of the stream that actions write with `--json`: first `accepted`, then a `build`'s
/// events, then each `execution`'s.
enum FollowedLine: Encodable {
    case accepted(AcceptedView)
    case build(BuildEvent)
    case execution(ExecutionID, ExecutionEvent)

    private enum Key: CodingKey {
        case accepted
        case build
        case execution
        case event
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .accepted(let view): try container.encode(view, forKey: .accepted)
        case .build(let event): try container.encode(event, forKey: .build)
        case .execution(let id, let event):
            try container.encode(id, forKey: .execution)
            try container.encode(event, forKey: .event)
        }
    }
}
