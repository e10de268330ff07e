package import Core
import Crypto
import FoundationEssentials

/// What makes a difference to an instance: package, config, environment and how it is run.
///
/// How many instances there are and where they are placed makes none: scaling an app or moving
/// it needs no new release.
package enum ReleaseIdentity {
    private struct Content: Encodable {
        var package: Core.Digest
        var config: [String: String]
        var environment: [String: String]
        var processes: [ProcessName: ProcessSpec]
    }

    /// SHA-256 over the JSON of the content, with sorted keys.
    package static func digest(
        package: Core.Digest, config: [String: String], environment: [String: String],
        processes: [ProcessName: ProcessSpec]
    ) throws(Problem) -> Core.Digest {
        let content = Content(
            package: package, config: config, environment: environment, processes: processes.mapValues(unplaced))
        return Core.Digest(bytes: SHA256.hash(data: try StateJSON.encode(content)))
    }

    private static func unplaced(_ process: ProcessSpec) -> ProcessSpec {
        var process = process
        process.instances = 0
        process.placement = HostSelector()
        return process
    }
}
