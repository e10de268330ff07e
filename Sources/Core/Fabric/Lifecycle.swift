/// How far an instance has come on its host: `none → installed → stopped → running`.
package enum LifecycleState: String, Codable, Hashable, Sendable, CaseIterable {
    case none
    case installed
    case stopped
    case running
}

/// What moves an instance from one state to the next, and back.
package enum LifecyclePhase: String, Codable, Hashable, Sendable, CaseIterable, CodingKeyRepresentable {
    case install
    case configure
    case start
    case stop
    case unconfigure
    case uninstall

    package var from: LifecycleState {
        switch self {
        case .install: .none
        case .configure, .uninstall: .installed
        case .start, .unconfigure: .stopped
        case .stop: .running
        }
    }

    package var to: LifecycleState {
        switch self {
        case .install, .unconfigure: .installed
        case .configure, .stop: .stopped
        case .start: .running
        case .uninstall: .none
        }
    }
}
