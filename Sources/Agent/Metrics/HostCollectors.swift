import Core
import Glibc
import Telemetry

/// Reads what the kernel tells of the host and of its instances: `hosts.HOST.…` and
/// `apps.APP.PROCESS.SLOT.…`.
struct HostCollectors {
    private let host: HostName
    private let resourceGroups: ResourceGroups
    private var kernel = HostCollector()
    private var collectors: [InstanceID: InstanceCollector] = [:]
    private let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
    private let pageBytes = sysconf(Int32(_SC_PAGESIZE))

    init(host: HostName, resourceGroups: ResourceGroups) {
        self.host = host
        self.resourceGroups = resourceGroups
    }

    mutating func points(of instances: [LiveInstance], at now: Instant) -> [NamedPoint] {
        let seconds = Double(now.milliseconds) / 1000
        let time = now.milliseconds / 1000
        var points: [NamedPoint] = []
        for file in HostFile.allCases {
            guard let bytes = KernelFile.read(file.path) else { continue }
            for figure in kernel.receive(file, bytes, at: seconds) { add(figure, at: time, to: &points) }
        }
        for figure in KernelFile.fileSystems() { add(figure, at: time, to: &points) }
        // While two releases of a slot are here, the newer one speaks for it.
        var newest: [String: LiveInstance] = [:]
        for instance in instances.sorted(by: { $0.id < $1.id }) where instance.state == .running {
            newest["apps.\(instance.id.app).\(instance.id.process).\(instance.id.slot)"] = instance
        }
        var kept: [InstanceID: InstanceCollector] = [:]
        for (path, instance) in newest {
            var collector =
                collectors[instance.id] ?? InstanceCollector(ticksPerSecond: ticksPerSecond, pageBytes: pageBytes)
            let pids = resourceGroups.processes(of: instance.id) ?? instance.processID.map(KernelFile.family) ?? []
            let stats = pids.compactMap { KernelFile.read("/proc/\($0)/stat").flatMap { ProcessStat($0) } }
            let descriptors = pids.reduce(0) { $0 + (KernelFile.entries("/proc/\($1)/fd") ?? 0) }
            let group = resourceGroups.files(of: instance.id).compactMap { file, path in
                KernelFile.read(path).map { (file: file, bytes: $0) }
            }
            for figure in collector.receive(stats, descriptors: descriptors, group: group, at: seconds) {
                points.append(NamedPoint(name: "\(path).\(figure.name)", time: time, value: figure.value))
            }
            points.append(NamedPoint(name: "\(path).restarts", time: time, value: Double(instance.restarts)))
            kept[instance.id] = collector
        }
        collectors = kept
        return points
    }

    /// The host's own figures are called `host.…` where they are read.
    private func add(_ figure: HostFigure, at time: Int64, to points: inout [NamedPoint]) {
        let name = figure.name.hasPrefix("host.") ? String(figure.name.dropFirst(5)) : figure.name
        points.append(NamedPoint(name: "hosts.\(host.node).\(name)", time: time, value: figure.value))
    }
}

/// What is read of `/proc`: small files, whole, in one go.
enum KernelFile {
    private static let bytesMax = 1 << 20
    /// Processes of one instance that are looked at.
    private static let familyMax = 512

    static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < bytesMax {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// How many entries a folder has; nil if it cannot be read.
    static func entries(_ path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.` and `..`.
        return max(0, count - 2)
    }

    /// A process and all that it has begun.
    static func family(of process: Int32) -> [Int32] {
        var family = [process]
        var next = 0
        while next < family.count, family.count < familyMax {
            let path = "/proc/\(family[next])/task/\(family[next])/children"
            let text = read(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            family += text.split(separator: " ").compactMap { Int32($0) }
            next += 1
        }
        return family
    }
}

extension KernelFile {
    /// Space and inodes of every file system that keeps files.
    static func fileSystems() -> [HostFigure] {
        guard let mounts = read("/proc/self/mounts") else { return [] }
        return HostFileSystem.mounted(mounts).flatMap { system -> [HostFigure] in
            var found = statvfs()
            guard statvfs(system.path, &found) == 0 else { return [] }
            return system.figures(
                blockBytes: UInt64(found.f_frsize), blocks: UInt64(found.f_blocks), free: UInt64(found.f_bfree),
                available: UInt64(found.f_bavail), files: UInt64(found.f_files), filesFree: UInt64(found.f_ffree))
        }
    }
}
