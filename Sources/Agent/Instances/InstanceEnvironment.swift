import Core
import SystemPackage

/// The variables that an instance's process starts with: these, and nothing of the agent's own.
enum InstanceEnvironment {
    /// Names the mount point in every process of the instance, so that they can be found again.
    static let mark = "APUS_MOUNT"
    private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Later ones win: what the host offers over the defaults, the package's over those, the release's
    /// over those, and what only the host can know over all.
    static func make(
        _ spec: InstanceSpec, host: HostName, address: String, port: Int, folders: HostFolders,
        onHost: [String: String] = [:], package: [String: String]
    ) -> [String: String] {
        let mountPoint = folders.mountPoint(spec.id)
        var variables = ["PATH": path, "LANG": "C.UTF-8"]
        variables.merge(onHost) { _, new in new }
        variables.merge(package) { _, new in new }
        if let own = package["PATH"], !own.hasSuffix(path) { variables["PATH"] = "\(own):\(path)" }
        variables.merge(spec.environment) { _, new in new }
        let fixed = [
            "HOME": mountPoint.data.string, "HOST": address, "PORT": "\(port)", mark: mountPoint.folder.string,
            "APUS_FABRIC": spec.fabric.text, "APUS_HOST": host.text, "APUS_APP": spec.id.app.text,
            "APUS_PROCESS": spec.id.process.text, "APUS_INSTANCE": spec.id.description,
            "APUS_RELEASE": "\(spec.id.release)",
        ]
        return variables.merging(fixed) { _, new in new }
    }
}
