import Core
import SystemPackage

/// How one instance is started on this host: from its spec to what its shim is asked.
struct LaunchPlan: Sendable {
    let kept: KeptInstance
    let setting: InstanceKeeper.Setting
    let folders: HostFolders

    var mountPoint: MountPoint { folders.mountPoint(kept.spec.id) }
    var release: FilePath { folders.release(kept.spec.id.app, kept.spec.releaseIdentity) }

    var environment: [String: String] {
        InstanceEnvironment.make(
            kept.spec, host: setting.host, address: setting.address, port: kept.port ?? 0, folders: folders,
            onHost: setting.hostEnvironment(), package: setting.packageEnvironment(release))
    }

    func request() throws(Problem) -> ShimFolder.Request {
        let spec = kept.spec
        let environment = environment
        let limits = spec.process.limits
        var request = ShimFolder.Request(
            arguments: [], environment: environment, directory: release, output: mountPoint.output, user: kept.user,
            cgroups: try setting.resourceGroups.make(spec.id, limits: limits), files: limits.files)
        if !setting.resourceGroups.limitsMemory {
            request.memory = limits.memory
            if let weight = limits.cpuWeight, weight < 100 { request.nice = weight < 25 ? 10 : 5 }
        }
        switch spec.process.run {
        case .command(let command): request.arguments = try command.arguments(environment: environment)
        case .files(let folder):
            request.program = setting.executable
            let served = folder == "." ? release : release.pushing(FilePath(folder))
            request.arguments =
                ["apus"] + FileServer.arguments(folder: served, address: setting.address, port: kept.port ?? 0)
        }
        return request
    }

    func check() -> HealthCheck? {
        kept.spec.process.health.map {
            HealthCheck(
                probe: $0, address: setting.address, port: kept.port ?? 0, environment: environment, directory: release,
                user: kept.user)
        }
    }

    /// The app's own executable for a phase, if it has one.
    func command(for phase: LifecyclePhase) -> AppCommand? {
        kept.spec.process.phases[phase].map { path in
            AppCommand(
                arguments: [release.pushing(FilePath(path)).string, phase.rawValue], environment: environment,
                directory: release, user: kept.user)
        }
    }
}
