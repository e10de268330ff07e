package import Core
import FoundationEssentials
package import Logging
import ServiceLifecycle
package import SystemPackage

/// The balancers of this host: takes over what an earlier run of the agent left, starts again
/// what ended by itself, and gives each command to the right driver.
package actor BalancerKeeper: Service {
    package enum Event: Sendable {
        /// HAProxy had ended and runs again.
        case restarted(BalancerName)
        /// HAProxy has ended and does not start.
        case failed(BalancerName, Problem)
    }

    private static let interval = Duration.milliseconds(250)
    private static let intervalAfterFailureMax = Duration.seconds(10)

    private let root: FilePath
    private let makeDriver: @Sendable (BalancerName, BalancerEngine) -> any BalancerDriver
    private let logger: Logger
    private let onEvent: @Sendable (Event) async -> Void
    private var drivers: [BalancerName: any BalancerDriver] = [:]
    private var engines: [BalancerName: BalancerEngine] = [:]
    private let turns = Turns()
    private var hasAdopted = false

    /// - Parameters:
    ///   - root: the folder `balancers` of the agent's root.
    ///   - makeDriver: nil: the engine's own.
    package init(
        root: FilePath, logger: Logger,
        makeDriver: (@Sendable (BalancerName, BalancerEngine) -> any BalancerDriver)? = nil,
        onEvent: @escaping @Sendable (Event) async -> Void
    ) {
        self.root = root
        self.logger = logger
        self.makeDriver =
            makeDriver ?? { name, engine in
                switch engine {
                case .haproxy: HAProxyDriver(name: name, root: root)
                case .nginx: NginxDriver(name: name, root: root)
                }
            }
        self.onEvent = onEvent
    }

    /// Watches until it is told to end. HAProxy serves on then.
    package func run() async throws {
        await adopt()
        await cancelWhenGracefulShutdown { await self.watch() }
    }

    /// Takes over what is there. `run` does this first; calling it before makes the first report
    /// of the agent complete.
    package func adopt() async {
        guard !hasAdopted else { return }
        hasAdopted = true
        for folder in ((try? FileManager.default.contentsOfDirectory(atPath: root.string)) ?? []).sorted() {
            guard let name = try? BalancerName(folder) else { continue }
            let stored = BalancerFolder(path: root.appending(folder)).storedState
            let driver = driver(for: name, stored?.configuration.engine ?? .haproxy)
            do {
                try await driver.adopt()
            } catch {
                logger.error("balancer not taken over", metadata: ["balancer": "\(name)", "problem": "\(error)"])
                await onEvent(.failed(name, error))
            }
        }
    }

    package func apply(
        _ configuration: BalancerConfiguration, drained: [InstanceID], deadline: ContinuousClock.Instant
    ) async throws(Problem) {
        let name = configuration.balancer
        let before = BalancerFolder(path: root.appending(name.text)).storedState?.configuration
        do {
            try await driver(of: configuration).apply(configuration, drained: drained, deadline: deadline)
        } catch {
            // An engine that does not start leaves the ports to the one before.
            if let before, before.engine != configuration.engine, engines[name] == configuration.engine {
                _ = try? await driver(of: before).apply(before, drained: [], deadline: deadline)
            }
            throw error
        }
    }

    package func remove(_ name: BalancerName) async throws(Problem) {
        await turns.take()
        defer { turns.end() }
        try await driver(for: name, engines[name] ?? .haproxy).stop()
        drivers[name] = nil
        engines[name] = nil
    }

    package func live() async -> [LiveBalancer] {
        var balancers: [LiveBalancer] = []
        for driver in drivers.values.sorted(by: { $0.name < $1.name }) { balancers.append(await driver.live()) }
        return balancers
    }

    /// - Throws: `balancer.unknown` for a balancer that this host does not have.
    package func counters(_ name: BalancerName) async throws(Problem) -> BalancerCounters {
        guard let driver = drivers[name] else {
            throw Problem(
                "balancer.unknown", "There are no counters.", cause: "This host has no balancer \(name).",
                remedy: "Ask a host that `apus hosts` shows with this balancer.")
        }
        return try await driver.counters()
    }

    /// What every balancer that can be asked now has counted since it was started.
    package func traffic() async -> [BalancerName: [ServerTraffic]] {
        var traffic: [BalancerName: [ServerTraffic]] = [:]
        for (name, driver) in drivers { traffic[name] = try? await driver.traffic() }
        return traffic
    }

    /// What every balancer that can be asked now says of itself.
    func readings() async -> [BalancerName: BalancerFigures.Reading] {
        var readings: [BalancerName: BalancerFigures.Reading] = [:]
        for (name, driver) in drivers {
            guard let counters = try? await driver.counters(), let traffic = try? await driver.traffic() else {
                continue
            }
            readings[name] = BalancerFigures.Reading(counters: counters, traffic: traffic)
        }
        return readings
    }

    /// Where the engine is another one than before, what ran ends first: both would want the ports.
    private func driver(of configuration: BalancerConfiguration) async throws(Problem) -> any BalancerDriver {
        await turns.take()
        defer { turns.end() }
        let name = configuration.balancer
        if let engine = engines[name], engine != configuration.engine {
            try await driver(for: name, engine).stop()
            drivers[name] = nil
        }
        return driver(for: name, configuration.engine)
    }

    private func driver(for name: BalancerName, _ engine: BalancerEngine) -> any BalancerDriver {
        if let driver = drivers[name] { return driver }
        let driver = makeDriver(name, engine)
        drivers[name] = driver
        engines[name] = engine
        return driver
    }

    private func watch() async {
        var pause = Self.interval
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            guard !Task.isCancelled else { return }
            pause = await reviveAll() ? Self.interval : min(pause * 2, Self.intervalAfterFailureMax)
        }
    }

    /// - Returns: whether all balancers run.
    private func reviveAll() async -> Bool {
        var allRun = true
        for (name, driver) in drivers {
            do {
                if try await driver.revive() {
                    logger.warning("balancer had ended and runs again", metadata: ["balancer": "\(name)"])
                    await onEvent(.restarted(name))
                }
            } catch {
                allRun = false
                logger.error("balancer does not start", metadata: ["balancer": "\(name)", "problem": "\(error)"])
                await onEvent(.failed(name, error))
            }
        }
        return allRun
    }
}
