package import Core

/// Something that a configuration repository declares or holds.
package enum ConfigurationNoun: Hashable, Codable, Sendable, CustomStringConvertible {
    case fabric(FabricName)
    case hostClass(HostClassName)
    case host(HostName)
    case app(AppName)
    case process(AppName, ProcessName)
    case balancer(BalancerName)
    /// A file of `templates/`, by its path.
    case template(String)
    /// A file of `certs/`, by its path.
    case certificate(String)

    package var description: String {
        switch self {
        case .fabric(let name): "fabric \(name)"
        case .hostClass(let name): "class \(name)"
        case .host(let name): "host \(name)"
        case .app(let name): "app \(name)"
        case .process(let app, let process): "process \(app).\(process)"
        case .balancer(let name): "balancer \(name)"
        case .template(let path), .certificate(let path): path
        }
    }
}

/// One thing names another.
package struct ConfigurationUse: Hashable, Codable, Sendable {
    package var used: ConfigurationNoun
    package var user: ConfigurationNoun
    package var position: SourcePosition

    package init(of used: ConfigurationNoun, by user: ConfigurationNoun, at position: SourcePosition) {
        self.used = used
        self.user = user
        self.position = position
    }
}
