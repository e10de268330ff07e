import Core
import FoundationEssentials
import SystemPackage

/// What a host remembers of an instance, in its mount point's `spec.json`.
struct KeptInstance: Codable, Sendable {
    var spec: InstanceSpec
    /// How far it has come; `running` also means that it should run again after it ended.
    var state: LifecycleState
    var port: Int?
    var user: UInt32?
    /// As last seen, so that an agent that starts anew does not call a healthy instance unready.
    var health: Health = .starting

    func write(to mountPoint: MountPoint) throws(Problem) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(self) else {
            throw Problem(
                "instance.not-kept", "The instance cannot be remembered.", cause: "\(spec.id) has no JSON form.",
                remedy: "Report this as a fault of Apus.")
        }
        try Disk.write([UInt8](data), to: mountPoint.spec)
    }

    /// - Throws: `instance.spec-corrupt` for a file that is not what `write` wrote.
    init(readFrom mountPoint: MountPoint) throws(Problem) {
        guard let bytes = Disk.read(mountPoint.spec) else {
            throw Self.corrupt(mountPoint, "It cannot be read.")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw Self.corrupt(mountPoint, "It is damaged.")
        }
        guard mountPoint.folder.lastComponent?.string == spec.id.description else {
            throw Self.corrupt(mountPoint, "It is another instance's.")
        }
    }

    init(spec: InstanceSpec, state: LifecycleState) {
        self.spec = spec
        self.state = state
    }

    private static func corrupt(_ mountPoint: MountPoint, _ cause: String) -> Problem {
        Problem(
            "instance.spec-corrupt", "An instance's file cannot be used.", cause: "\(mountPoint.spec): \(cause)",
            remedy: "The folder is left as it is: look at it, end what still runs of it, and remove it.")
    }
}
