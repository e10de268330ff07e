/// Names one instance of a fabric: process `web` of app `shop`, slot 2, release 7 is
/// `shop.web.2.r7`. The text is also its mount point's folder.
package struct InstanceID: Codable, Hashable, Comparable, Sendable, CustomStringConvertible, CodingKeyRepresentable {
    package var app: AppName
    package var process: ProcessName
    /// Counts from 1.
    package var slot: Int
    package var release: Int

    package init(app: AppName, process: ProcessName, slot: Int, release: Int) {
        self.app = app
        self.process = process
        self.slot = slot
        self.release = release
    }

    /// - Throws: `instance.invalid` unless the text is `APP.PROCESS.SLOT.rRELEASE`.
    package init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let slot = Int(parts[2]), slot > 0, parts[3].first == "r",
            let release = Int(parts[3].dropFirst()), release > 0,
            text.utf8.count < 200
        else { throw Self.invalid(text) }
        self.init(
            app: try AppName(String(parts[0])), process: try ProcessName(String(parts[1])), slot: slot, release: release
        )
        // One instance has one text: `+1` and `01` are numbers too, and would be other folders.
        guard description == text else { throw Self.invalid(text) }
    }

    private static func invalid(_ text: String) -> Problem {
        Problem(
            "instance.invalid", "This does not name an instance.", cause: "\(quotedForMessage(text)) was found.",
            remedy: "Write APP.PROCESS.SLOT.rRELEASE: shop.web.2.r7.")
    }

    package var description: String { "\(app).\(process).\(slot).r\(release)" }

    package static func < (left: InstanceID, right: InstanceID) -> Bool {
        (left.app, left.process, left.slot, left.release) < (right.app, right.process, right.slot, right.release)
    }

    /// Numbers first: they tell most instances of a host apart without a look at a text.
    package static func == (left: InstanceID, right: InstanceID) -> Bool {
        left.slot == right.slot && left.release == right.release && left.process == right.process
            && left.app == right.app
    }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
    package var codingKey: any CodingKey { TextKey(description) }
    package init?<Key: CodingKey>(codingKey: Key) { try? self.init(codingKey.stringValue) }
}

/// Everything a host needs to know to run an instance. Sent with the first step, kept on the host.
package struct InstanceSpec: Codable, Hashable, Sendable {
    package var id: InstanceID
    package var fabric: FabricName
    package var package: PackageReference
    /// The release's identity: names the folder that package and config are unpacked into.
    package var releaseIdentity: Digest
    package var config: [String: String]
    package var environment: [String: String]
    package var process: ProcessSpec
    package var packagesKept: Int

    package init(
        id: InstanceID, fabric: FabricName, package: PackageReference, releaseIdentity: Digest,
        config: [String: String],
        environment: [String: String], process: ProcessSpec, packagesKept: Int
    ) {
        self.id = id
        self.fabric = fabric
        self.package = package
        self.releaseIdentity = releaseIdentity
        self.config = config
        self.environment = environment
        self.process = process
        self.packagesKept = packagesKept
    }
}

/// Where the control plane has put an instance, and what it is for now.
package struct InstanceRecord: Codable, Hashable, Sendable {
    package enum Duty: Codable, Hashable, Sendable {
        /// Being brought up; no traffic yet.
        case starting
        /// Balanced, or (without a route) at work.
        case serving
        /// Runs without traffic, ready to take over again until the instant.
        case warm(until: Instant)
        /// To be stopped and removed.
        case leaving
    }

    package var id: InstanceID
    package var host: HostName
    package var duty: Duty
    /// Where it listens, once its agent has said so.
    package var port: Int?
    /// Its weight in balancers while it serves, 1 to 256; nil: the usual one.
    package var weight: Int?

    package init(id: InstanceID, host: HostName, duty: Duty, port: Int? = nil, weight: Int? = nil) {
        self.id = id
        self.host = host
        self.duty = duty
        self.port = port
        self.weight = weight
    }
}

extension InstanceRecord.Duty {
    /// Whether it stands ready to take over again.
    package var isKeptWarm: Bool { if case .warm = self { true } else { false } }
}
