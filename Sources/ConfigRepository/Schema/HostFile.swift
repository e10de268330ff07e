import Core

/// An address, as it is written and as its bytes: two ways to write one address are one address.
struct HostAddress {
    var text: String
    var bytes: [UInt8]
}

/// `hosts/NAME.yaml`: one host, or several in a list under `hosts`.
extension SchemaReader {
    static let hostKeys: Set<String> = ["host", "fabric", "class", "address", "zone", "labels", "memory"]
    static let hostListKeys: Set<String> = ["hosts"]

    func hosts(file: String, name fileName: String) -> [HostDeclaration] {
        guard let value = value(ofFile: file) else { return [] }
        guard case .mapping(let entries) = value.content, entries.contains(where: { $0.key == "hosts" }) else {
            return [host(value, fileName: fileName)].compactMap(\.self)
        }
        guard let reader = MappingReader(value, noun: "a list of hosts", keys: Self.hostListKeys, log: log) else {
            return []
        }
        return reader.list("hosts").compactMap { host($0, fileName: nil) }
    }

    private func host(_ value: YAMLValue, fileName: String?) -> HostDeclaration? {
        guard let reader = MappingReader(value, noun: "a host", keys: Self.hostKeys, log: log) else { return nil }
        let name: Located<HostName>?
        if let fileName {
            name = self.name("host", in: reader, fileName: fileName, as: HostName.self)
        } else if reader.has("host") {
            name = reader.value("host").flatMap { log.name($0, of: "host", as: HostName.self) }
        } else {
            name = nil
            reader.reportMissing("host", hint: "write `host: web-1`")
        }
        let fabrics = reader.list("fabric").compactMap { log.name($0, of: "fabric", as: FabricName.self) }
        let hostClass = reader.parse("class", Self.classReference)
        if !reader.has("address") {
            reader.reportMissing("address", hint: "write the address that balancers reach it at")
        }
        let address = reader.parse("address") { text throws(Problem) in
            let (text, bytes) = try Checks.address(text)
            return HostAddress(text: text, bytes: bytes)
        }
        let zone = reader.value("zone").flatMap { log.name($0, of: "zone", as: ZoneName.self) }
        let memory = reader.parse("memory") { text throws(Problem) in try ByteCount(text) }
        let labels = labels(reader)
        return name.map { name in
            HostDeclaration(
                name: name, fabrics: fabrics, hostClass: hostClass, address: address, zone: zone, labels: labels,
                memory: memory?.value)
        }
    }

    /// `web@3`.
    private static func classReference(_ text: String) throws(Problem) -> HostDeclaration.ClassReference {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let version = Int(parts[1]), version > 0, String(version) == parts[1] else {
            throw Problem(
                "class.invalid", "This is not a host class with its version.",
                cause: "\(quotedForMessage(text)) was found.",
                remedy: "write the class and the version that the host has: web@3")
        }
        return HostDeclaration.ClassReference(name: try HostClassName(String(parts[0])), version: version)
    }
}
