package import Core

extension Filter {
    package func admits(_ instance: InstanceView) -> Bool {
        admits { key in
            switch key {
            case .app: instance.app.text
            case .process: instance.process.text
            case .host: instance.host.text
            case .zone: instance.zone?.text
            case .release: String(instance.release)
            case .state: instance.state.rawValue
            case .health: instance.health.rawValue
            case .hostClass: instance.hostClass?.text
            case .duty: instance.duty.rawValue
            case .colour: instance.colour.rawValue
            case .delta: instance.delta.rawValue
            case .label(let name): instance.labels[name]
            }
        }
    }

    /// Hosts have no app, process, release, state or health: a comparison with one is false.
    package func admits(_ host: HostView) -> Bool {
        admits { key in
            switch key {
            case .host: host.name.text
            case .zone: host.zone?.text
            case .hostClass: host.hostClass?.text
            case .colour: host.colour.rawValue
            case .state: host.contact.rawValue
            case .label(let name): host.labels[name]
            case .app, .process, .release, .health, .duty, .delta: nil
            }
        }
    }
}
