import Core
import Glibc
import SystemPackage
import Telemetry

/// Control groups of this machine that instances can be put into: version 1 (a tree for each
/// controller) or 2 (one tree), whichever has a memory controller that the agent may write to.
package struct ResourceGroups: Sendable {
    private enum Tree: Sendable {
        case memory1(FilePath)
        case cpu1(FilePath)
        case pids1(FilePath)
        case unified(FilePath)

        var folder: FilePath {
            switch self {
            case .memory1(let folder), .cpu1(let folder), .pids1(let folder), .unified(let folder): folder
            }
        }
    }

    private static let processesMax = 4096
    private let trees: [Tree]

    package static let none = ResourceGroups(trees: [])
    package var limitsMemory: Bool {
        trees.contains {
            switch $0 {
            case .memory1, .unified: true
            case .cpu1, .pids1: false
            }
        }
    }

    private init(trees: [Tree]) { self.trees = trees }

    /// - Parameter name: distinguishes agents of one machine: one path component.
    package static func detect(name: String) -> ResourceGroups {
        let mounts = (Disk.text("/proc/mounts") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        let own = (Disk.text("/proc/self/cgroup") ?? "").split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        var trees: [Tree] = []
        for mount in mounts where mount.count > 3 && mount[2] == "cgroup" {
            let options = mount[3].split(separator: ",")
            for (controller, tree) in [("memory", Tree.memory1), ("cpu", Tree.cpu1), ("pids", Tree.pids1)] {
                guard options.contains(Substring(controller)) else { continue }
                // Below the agent's own group, so that a limit on the agent holds for its instances.
                let path = own.first { $0.count == 3 && $0[1].split(separator: ",").contains(Substring(controller)) }?[
                    2]
                let base = FilePath(String(mount[1]) + String(path ?? "/"))
                if let folder = make(in: Disk.isFolder(base) ? base : FilePath(String(mount[1])), name) {
                    trees.append(tree(folder))
                }
            }
        }
        if trees.isEmpty, let mount = mounts.first(where: { $0.count > 2 && $0[2] == "cgroup2" }) {
            let top = FilePath(String(mount[1]))
            let controllers = (Disk.text(top.appending("cgroup.controllers")) ?? "").split(
                whereSeparator: \.isWhitespace)
            if controllers.contains("memory"), delegate(top), let folder = make(in: top, name),
                delegate(top.appending("apus")), delegate(folder)
            {
                trees.append(.unified(folder))
            }
        }
        return ResourceGroups(trees: trees)
    }

    /// Makes the instance's groups and sets their limits. Empty where there is no tree.
    func make(_ id: InstanceID, limits: ResourceLimits) throws(Problem) -> [FilePath] {
        var folders: [FilePath] = []
        for tree in trees {
            let folder = tree.folder.appending(id.description)
            try Disk.makeFolder(folder)
            folders.append(folder)
            let weight = min(max(limits.cpuWeight ?? 100, 1), 10_000)
            switch tree {
            case .memory1: Self.set(folder, "memory.limit_in_bytes", "\(limits.memory?.bytes ?? -1)")
            case .cpu1: Self.set(folder, "cpu.shares", "\(max(2, weight * 1024 / 100))")
            case .pids1: Self.set(folder, "pids.max", "\(Self.processesMax)")
            case .unified:
                Self.set(folder, "memory.max", limits.memory.map { "\($0.bytes)" } ?? "max")
                Self.set(folder, "cpu.weight", "\(weight)")
                Self.set(folder, "pids.max", "\(Self.processesMax)")
            }
        }
        return folders
    }

    /// Groups can be removed only when their last process is gone; one that stays is harmless
    /// and is used again by the next start.
    func remove(_ id: InstanceID) {
        for tree in trees { rmdir(tree.folder.appending(id.description).string) }
    }

    /// Removes the agent's own groups, for a fleet that ends.
    func removeAll() {
        for tree in trees {
            rmdir(tree.folder.string)
            rmdir(tree.folder.removingLastComponent().string)
        }
    }

    /// The processes of an instance; nil where it has no group.
    func processes(of id: InstanceID) -> [Int32]? {
        for tree in trees {
            guard let text = Disk.text(tree.folder.appending(id.description).appending("cgroup.procs")) else {
                continue
            }
            return text.split(separator: "\n").compactMap { Int32($0) }
        }
        return nil
    }

    /// The files that tell what an instance's groups use; empty where it has none.
    func files(of id: InstanceID) -> [(file: CgroupCollector.File, path: String)] {
        trees.flatMap { tree -> [(file: CgroupCollector.File, path: String)] in
            let files: [CgroupCollector.File] =
                switch tree {
                case .memory1: [.oldMemory, .oldMemoryMax]
                case .cpu1: [.oldCPU]
                case .pids1: []
                case .unified: [.cpu, .memory, .memoryStat, .memoryMax, .memoryEvents, .processes]
                }
            let folder = tree.folder.appending(id.description)
            return files.map { ($0, folder.appending($0.rawValue).string) }
        }
    }

    /// How often the kernel has killed a process of the instance for its memory.
    func outOfMemoryKills(_ id: InstanceID) -> Int {
        for tree in trees {
            let folder = tree.folder.appending(id.description)
            let file: FilePath
            switch tree {
            case .memory1: file = folder.appending("memory.oom_control")
            case .unified: file = folder.appending("memory.events")
            case .cpu1, .pids1: continue
            }
            for line in (Disk.text(file) ?? "").split(separator: "\n") where line.hasPrefix("oom_kill ") {
                return Int(line.dropFirst(9)) ?? 0
            }
        }
        return 0
    }

    private static func make(in base: FilePath, _ name: String) -> FilePath? {
        let folder = base.appending("apus").appending(name)
        guard (try? Disk.makeFolder(folder)) != nil, access(folder.appending("cgroup.procs").string, W_OK) == 0 else {
            return nil
        }
        return folder
    }

    private static func delegate(_ folder: FilePath) -> Bool {
        set(folder, "cgroup.subtree_control", "+memory +cpu +pids")
    }

    @discardableResult
    private static func set(_ folder: FilePath, _ name: String, _ value: String) -> Bool {
        let file = open(folder.appending(name).string, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return Array(value.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == value.utf8.count
    }
}
