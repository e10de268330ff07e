package import Core

extension Filter {
    package func admits(_ instance: InstanceView) -> Bool { admits { instance.value(of: $0) } }

    /// Hosts have no app, process, release, duty or health: a comparison with one is false.
    package func admits(_ host: HostView) -> Bool { admits { host.value(of: $0) } }
}

extension InstanceView {
    /// What filters, orders and groups see.
    package func value(of key: Filter.Key) -> String? {
        switch key {
        case .app: app.text
        case .process: process.text
        case .host: host.text
        case .zone: zone?.text
        case .release: String(release)
        case .state: state.rawValue
        case .health: health.rawValue
        case .hostClass: hostClass?.text
        case .duty: duty.rawValue
        case .colour: colour.rawValue
        case .delta: delta.rawValue
        case .label(let name): labels[name]
        }
    }
}

extension HostView {
    package func value(of key: Filter.Key) -> String? {
        switch key {
        case .host: name.text
        case .zone: zone?.text
        case .hostClass: hostClass?.text
        case .colour: colour.rawValue
        case .state: contact.rawValue
        case .label(let name): labels[name]
        case .app, .process, .release, .health, .duty, .delta: nil
        }
    }
}
