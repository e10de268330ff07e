package import Core

/// Something that people, git or bad luck do to a fabric.
///
/// An act is drawn without knowing the fabric's state, so that a list of acts can be shortened and
/// played again. Where one needs an app, a host or an instance, it has a number; what the number
/// means is looked up when the act is carried out, counting around.
package enum Act: Hashable, Sendable, CustomStringConvertible {
    package enum Control: String, Hashable, Sendable, CaseIterable { case pause, resume, abort, retry, cancelStep }

    case deploy(app: Int, SimulatedAgent.Behaviour, everyOther: Bool)
    case rollBack(app: Int, pick: Int)
    case scale(app: Int, process: Int, count: Int)
    /// Drains a host, or takes it back when it is drained.
    case drain(host: Int)
    case control(Control, pick: Int)
    case commit
    /// Git loses an app for a while.
    case removeApp(Int, Interval)
    case restartServer
    case serverDiesAfterSaving
    case serverSleeps(Interval)
    /// Another server takes over while the one before sleeps.
    case serverIsReplaced(Interval)
    case storeFails(after: Int, Interval)
    case clockIsSet(Interval)
    case cut(host: Int, Interval)
    case block(host: Int, SimulatedAgent.Direction, Interval)
    case slowHost(host: Int, times: Int64)
    case killInstance(host: Int, pick: Int)
    case crashAgent(host: Int, Interval)
    case crashHost(host: Int, Interval)
    case fillDisk(host: Int, Bool)
    case refuse(host: Int, packages: Bool, balancing: Bool)

    package var description: String {
        switch self {
        case .deploy(let app, let behaviour, let everyOther):
            "deploy app \(app)\(behaviour == .good ? "" : ", a release that \(behaviour.words)")\(everyOther ? ", every other instance" : "")"
        case .rollBack(let app, _): "roll back app \(app)"
        case .scale(let app, let process, let count): "scale process \(process) of app \(app) to \(count)"
        case .drain(let host): "drain host \(host), or take it back"
        case .control(let control, _): "\(control.rawValue) an execution"
        case .commit: "a commit"
        case .removeApp(let app, let interval): "git loses app \(app) for \(interval)"
        case .restartServer: "the server restarts"
        case .serverDiesAfterSaving: "the server ends between saving and sending"
        case .serverSleeps(let interval): "the server sleeps for \(interval)"
        case .serverIsReplaced(let interval): "the server sleeps for \(interval) while another takes over"
        case .storeFails(let operations, let interval): "the store fails after \(operations) operations for \(interval)"
        case .clockIsSet(let interval): "the clock is set by \(interval.milliseconds / 1000) s"
        case .cut(let host, let interval): "host \(host) is cut off for \(interval)"
        case .block(let host, let direction, let interval):
            "host \(host) \(direction == .toHost ? "hears" : "is heard") nothing for \(interval)"
        case .slowHost(let host, let times): "host \(host) is \(times) times slower"
        case .killInstance(let host, _): "an instance on host \(host) dies"
        case .crashAgent(let host, let interval): "the agent of host \(host) is away for \(interval)"
        case .crashHost(let host, let interval): "host \(host) is down for \(interval)"
        case .fillDisk(let host, let isFull): "the disk of host \(host) \(isFull ? "is full" : "has room")"
        case .refuse(let host, let packages, let balancing):
            "host \(host) \(packages ? "gets no packages" : "gets packages")\(balancing ? ", its balancer refuses" : "")"
        }
    }

    /// Whether it is a fault, and not what people do.
    package var isFault: Bool {
        switch self {
        case .deploy(_, let behaviour, _): behaviour != .good
        case .rollBack, .scale, .drain, .control, .commit, .removeApp: false
        default: true
        }
    }
}

extension SimulatedAgent.Behaviour {
    package var words: String {
        switch self {
        case .good: "works"
        case .neverReady: "never becomes ready"
        case .crashes: "crashes"
        case .cannotBeInstalled: "cannot be installed"
        case .sickens: "fails after it was admitted"
        }
    }
}

/// An act, and how long after the one before.
package struct TimedAct: Hashable, Sendable {
    package var after: Interval
    package var act: Act
}

/// How rough it is.
package enum Weather: String, Sendable, CaseIterable {
    /// People deploy, roll back, scale and drain; releases are bad; connections break for a moment,
    /// servers restart, disks of servers fail. Nobody who asks for a page may notice.
    case calm
    /// Instances, agents and hosts die too. All must come right when it is over.
    case storm
}

extension Act {
    /// The acts of a seed.
    package static func drawn(seed: UInt64, count: Int, weather: Weather, pace: Interval) -> [TimedAct] {
        var random = SeededRandom(seed: SeededRandom.scattered(seed ^ 0xAC75))
        return (0..<count).map { _ in
            let act = drawn(weather, &random)
            return TimedAct(after: random.interval(0...pace.milliseconds), act: act)
        }
    }

    private static func drawn(_ weather: Weather, _ random: inout SeededRandom) -> Act {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let pick = number(0...9999)
        let app = number(0...2)
        let bad: [SimulatedAgent.Behaviour] =
            [.neverReady, .crashes, .cannotBeInstalled] + (weather == .storm ? [.sickens] : [])
        switch number(0...99) {
        case 0..<18: return .deploy(app: app, .good, everyOther: false)
        case 18..<25: return .deploy(app: app, bad[pick % bad.count], everyOther: false)
        case 25..<35: return .rollBack(app: app, pick: pick)
        case 35..<42: return .scale(app: app, process: number(0...3), count: number(1...6))
        case 42..<48: return .drain(host: pick)
        case 48..<54: return .control(Control.allCases[number(0...4)], pick: pick)
        case 54..<57: return .deploy(app: app, .good, everyOther: true)
        case 57..<61: return .restartServer
        case 61..<63: return .serverDiesAfterSaving
        case 63..<65: return .serverSleeps(random.interval(500...60_000))
        case 65..<67: return .serverIsReplaced(random.interval(500...60_000))
        case 67..<69: return .storeFails(after: number(0...30), random.interval(500...20_000))
        case 69..<71: return .clockIsSet(number(0...1) == 0 ? .minutes(60) : Interval(milliseconds: -60_000))
        case 71..<74: return .cut(host: pick, random.interval(100...8000))
        case 74..<76:
            return .block(host: pick, SimulatedAgent.Direction.allCases[number(0...1)], random.interval(100...8000))
        case 76..<78: return .commit
        default: return weather == .storm ? strike(pick, &random) : .slowHost(host: pick, times: Int64(number(1...4)))
        }
    }

    /// A fault that people would notice.
    private static func strike(_ pick: Int, _ random: inout SeededRandom) -> Act {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        switch number(0...9) {
        case 0, 1: return .killInstance(host: pick, pick: number(0...99))
        case 2: return .cut(host: pick, random.interval(10_000...90_000))
        case 3:
            return .block(host: pick, SimulatedAgent.Direction.allCases[number(0...1)], random.interval(5000...90_000))
        case 4: return .crashAgent(host: pick, random.interval(100...40_000))
        case 5: return .crashHost(host: pick, random.interval(1000...120_000))
        case 6: return .refuse(host: pick, packages: true, balancing: number(0...1) == 0)
        case 7: return .fillDisk(host: pick, number(0...1) == 0)
        case 8: return .removeApp(number(0...2), random.interval(100...20_000))
        default: return .slowHost(host: pick, times: Int64(number(1...20)))
        }
    }
}
