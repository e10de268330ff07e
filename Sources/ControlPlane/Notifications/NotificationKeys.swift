import Core

/// Where what hooks have still to be told is kept.
///
/// ```
/// notifications/waiting/HOOK/SEQUENCE   one thing to tell one hook
/// notifications/last                    the highest sequence that was given
/// ```
enum NotificationKeys {
    static let waiting = "notifications/waiting/"

    static func item(_ hook: HookName, _ sequence: Int64) throws(Problem) -> StateKey {
        try StateKey("\(waiting)\(hook)/\(StateKey.digits(Int(sequence)))")
    }

    static func last() throws(Problem) -> StateKey { try StateKey("notifications/last") }
}
