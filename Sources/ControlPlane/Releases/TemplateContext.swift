package import Core

/// What a template of an app may speak of.
///
/// | in the template | is |
/// | --- | --- |
/// | `fabric`, `app`, `commit` | the fabric's name, the app's, and the configuration's commit |
/// | `release`, `version` | the release's number, and the package's version |
/// | `environment.NAME` | a variable of the app's environment |
/// | `hosts` | the fabric's hosts by name: `name`, `address`, `region`, `zone`, `class`, `labels` |
package struct TemplateContext: Sendable {
    package static let names = ["app", "commit", "environment", "fabric", "hosts", "release", "version"]

    package var fabric: FabricName
    package var app: AppName
    package var release: Int
    package var version: String
    package var commit: String
    package var environment: [String: String]
    package var hosts: [HostSpec]

    package init(
        fabric: FabricName, app: AppName, release: Int, version: String, commit: String,
        environment: [String: String] = [:], hosts: [HostSpec] = []
    ) {
        self.fabric = fabric
        self.app = app
        self.release = release
        self.version = version
        self.commit = commit
        self.environment = environment
        self.hosts = hosts
    }

    /// As the template engine takes it: texts, numbers, lists and dictionaries and nothing else,
    /// so that no template reaches into a type.
    var dictionary: [String: Any] {
        [
            "fabric": fabric.text, "app": app.text, "release": release, "version": version, "commit": commit,
            "environment": environment,
            "hosts": hosts.sorted { $0.name < $1.name }.map { host in
                var fields: [String: Any] = [
                    "name": host.name.text, "address": host.address, "region": host.region.text,
                    "zone": host.zone.text, "labels": host.labels,
                ]
                fields["class"] = host.hostClass?.text
                return fields
            },
        ]
    }
}
