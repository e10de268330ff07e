import Core

/// `balancers/NAME.yaml`.
extension SchemaReader {
    static let balancerKeys: Set<String> = ["balancer", "engine", "on", "listen", "statistics"]
    static let listenerKeys: Set<String> = ["port", "certificate"]

    func balancer(file: String, name fileName: String) -> BalancerDeclaration? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "a balancer", keys: Self.balancerKeys, log: log)
        else { return nil }
        let name = name("balancer", in: reader, fileName: fileName, as: BalancerName.self)
        if !reader.has("on") { reader.reportMissing("on", hint: "say where it runs: on: { hosts: [edge-1] }") }
        let placement = selector(reader)
        if !reader.has("listen") { reader.reportMissing("listen", hint: "write a port: listen: [{ port: 8080 }]") }
        var declaration = BalancerDeclaration(
            name: name ?? Located(BalancerName(checked: "unnamed"), at: reader.position),
            placement: placement ?? SelectorDeclaration(position: reader.position), listeners: [], ports: [])
        if let engine = reader.choice("engine", of: BalancerEngine.self) { declaration.engine = engine.value }
        for item in reader.list("listen") { listener(item, of: &declaration) }
        if let port = reader.integer("statistics", in: 1...65535) {
            addPort(port, to: &declaration)
            declaration.statisticsPort = port.value
        }
        return name == nil ? nil : declaration
    }

    private func listener(_ value: YAMLValue, of declaration: inout BalancerDeclaration) {
        // A plain number is a port.
        if value.scalar != nil {
            guard let port = log.integer(value, of: "port", in: 1...65535) else { return }
            addPort(port, to: &declaration)
            declaration.listeners.append(BalancerSpec.Listener(port: port.value))
            return
        }
        guard let reader = MappingReader(value, noun: "a listener", keys: Self.listenerKeys, log: log) else { return }
        if !reader.has("port") { reader.reportMissing("port", hint: "write `port: 8080`") }
        let port = reader.integer("port", in: 1...65535)
        let path = reader.text("certificate")
        let certificate = path.flatMap { self.certificate($0) }
        if let path {
            uses.insert(
                ConfigurationUse(of: .certificate(path.value), by: .balancer(declaration.name.value), at: path.position)
            )
        }
        guard let port else { return }
        addPort(port, to: &declaration)
        declaration.listeners.append(BalancerSpec.Listener(port: port.value, certificate: certificate))
    }

    private func addPort(_ port: Located<Int>, to declaration: inout BalancerDeclaration) {
        if declaration.ports.contains(port) {
            log.error("port.duplicate", at: port.position, "The balancer listens on port \(port.value) already.")
        }
        declaration.ports.append(port)
    }

    private func certificate(_ path: Located<String>) -> String? {
        guard let text = attachment(path, folder: "certs", noun: "certificate") else { return nil }
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.contains("-----BEGIN CERTIFICATE-----"),
            lines.contains(where: { $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("PRIVATE KEY-----") })
        else {
            log.error(
                "certificate.invalid", at: path.position, "The file is not a certificate with its key.",
                hint: "put the PEM of the certificate, of its chain and of the private key into one file")
            return nil
        }
        return text
    }
}
