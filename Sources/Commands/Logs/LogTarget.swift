import Core
import Wire

/// Whose output is meant: `shop`, `shop.web`, `shop.web.2` or `shop.web.2.r7`.
enum LogTarget: Hashable {
    case instance(InstanceID)
    case some(AppName, ProcessName?, slot: Int?)

    /// - Throws: `logs.target-invalid`, or what is wrong with a name in it.
    init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: self = .some(try AppName(parts[0]), nil, slot: nil)
        case 2: self = .some(try AppName(parts[0]), try ProcessName(parts[1]), slot: nil)
        case 3:
            guard let slot = Int(parts[2]), slot > 0 else { throw Self.invalid(text) }
            self = .some(try AppName(parts[0]), try ProcessName(parts[1]), slot: slot)
        case 4: self = .instance(try InstanceID(text))
        default: throw Self.invalid(text)
        }
    }

    func admits(_ instance: InstanceView) -> Bool {
        switch self {
        case .instance(let id): instance.id == id
        case .some(let app, let process, let slot):
            instance.app == app && (process == nil || instance.process == process)
                && (slot == nil || instance.slot == slot)
                && instance.state != .none
        }
    }

    private static func invalid(_ text: String) -> Problem {
        Problem(
            "logs.target-invalid", "This does not name instances.", cause: "\(quotedForMessage(text)) was found.",
            remedy: "Write APP, APP.PROCESS or an instance as `apus instances` shows it: shop.web.2.r7.")
    }
}
