package import Core

/// Who a certificate of an agent speaks for: the URI `apus://FABRIC/host/NAME` among its names.
package struct HostIdentity: Hashable, Sendable {
    private static let scheme = "apus://"

    package var fabric: FabricName
    package var host: HostName

    package init(fabric: FabricName, host: HostName) {
        self.fabric = fabric
        self.host = host
    }

    package init?(uri: String) {
        guard uri.hasPrefix(Self.scheme) else { return nil }
        let parts = uri.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1] == "host", let fabric = try? FabricName(String(parts[0])),
            let host = try? HostName(String(parts[2]))
        else { return nil }
        self.init(fabric: fabric, host: host)
    }

    package var uri: String { "\(Self.scheme)\(fabric)/host/\(host)" }
}
