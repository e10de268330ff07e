import Core
import Glibc
package import SystemPackage

/// Whom instances run as.
package enum UserPolicy: Sendable, Equatable {
    /// As whoever runs the agent.
    case caller
    /// Each app as a user of its own, known by number only: nothing is written to /etc/passwd.
    case perApp(ClosedRange<UInt32>)

    package static let range: ClosedRange<UInt32> = 600_000...665_535

    /// A user per app where that can work: as root, and with a root folder that others may pass
    /// through. The second value says why not, where not.
    package static func automatic(root: FilePath) -> (UserPolicy, String?) {
        guard geteuid() == 0 else { return (.caller, nil) }
        guard let closed = closedParent(of: root) else { return (.perApp(range), nil) }
        return (.caller, "\(closed) is closed to other users, so instances run as root.")
    }

    /// - Throws: `agent.root-closed` if a user per app could not reach the root folder.
    func check(root: FilePath) throws(Problem) {
        guard case .perApp = self else { return }
        guard geteuid() == 0 else {
            throw Problem(
                "agent.users-not-allowed", "Instances cannot run as users of their own.",
                cause: "The agent does not run as root.",
                remedy: "Run it as root, or let instances run as its own user.")
        }
        guard let closed = Self.closedParent(of: root) else { return }
        throw Problem(
            "agent.root-closed", "Instances cannot reach the agent's root folder.",
            cause: "\(closed) does not let other users pass.",
            remedy: "Choose another root folder, or run `chmod o+x` on that one.")
    }

    /// The first folder on the way to the root, or the root, that others may not pass.
    static func closedParent(of root: FilePath) -> FilePath? {
        var path = FilePath("/")
        for component in root.components {
            path.append(component)
            if let status = try? path.stat(), !status.permissions.contains(.otherExecute) { return path }
        }
        return nil
    }

    /// The app's number: from its name, so that it is the same on every host where it can be;
    /// the next one that is free where another app has it.
    func user(of app: AppName, taken: [AppName: UInt32]) -> UInt32? {
        guard case .perApp(let range) = self else { return nil }
        if let user = taken[app] { return user }
        let used = Set(taken.values)
        var hash: UInt32 = 2_166_136_261
        for byte in app.text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        let count = UInt32(range.count)
        for step in 0..<count {
            let user = range.lowerBound + (hash % count + step) % count
            if !used.contains(user) { return user }
        }
        return nil
    }
}
