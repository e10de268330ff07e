package import Core

/// Which addresses a scrape means, as the fabric is now.
package enum ScrapeTargets {
    package static func of(_ spec: ScrapeSpec, in loop: Orchestrator) -> [ScrapeTarget] {
        switch spec.targets {
        case .urls(let urls):
            return urls.map { url in
                ScrapeTarget(url: url.text, tags: ["job": spec.name.text, "instance": "\(url.host):\(url.port)"])
            }
        case .hosts(let selector, let port):
            guard let desired = loop.desired else { return [] }
            return desired.configuration.hosts.values.sorted { $0.name < $1.name }.filter {
                selector.admits($0, classLabels: desired.classLabels(of: $0))
            }.map { host in
                ScrapeTarget(
                    url: "http://\(authority(host.address, port))\(spec.path)",
                    tags: ["job": spec.name.text, "instance": "\(host.name):\(port)", "host": host.name.text])
            }
        case .instances(let app, let process):
            return loop.hosts.values.sorted { $0.name < $1.name }.flatMap { host -> [ScrapeTarget] in
                guard let address = loop.desired?.configuration.hosts[host.name]?.address else { return [] }
                return (host.report?.instances ?? []).compactMap { instance in
                    guard instance.id.app == app, instance.id.process == process, instance.state == .running,
                        let port = instance.port
                    else { return nil }
                    return ScrapeTarget(
                        url: "http://\(authority(address, port))\(spec.path)",
                        tags: [
                            "job": spec.name.text, "instance": "\(instance.id)", "host": host.name.text,
                            "app": app.text, "process": process.text,
                        ])
                }
            }
        }
    }

    private static func authority(_ address: String, _ port: Int) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
