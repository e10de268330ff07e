extension BalancerConfiguration {
    /// Names what serves: the SHA-256 of the engine's files, without what only the host knows.
    /// Agent and control plane come to the same.
    /// - Parameter sha256: of a text's UTF-8.
    package func digest(sha256: (String) -> Digest) throws(Problem) -> Digest {
        var certificates: [Int: Digest] = [:]
        for listener in listeners {
            if let pem = listener.certificate { certificates[listener.port] = sha256(pem) }
        }
        switch engine {
        case .haproxy: return sha256(try HAProxyConfiguration(self, in: .init(certificates: certificates)).text)
        case .nginx:
            let configuration = try NginxConfiguration(self, in: .init(certificates: certificates))
            return sha256(configuration.text + configuration.servers)
        }
    }
}
