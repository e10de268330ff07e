package import Core
package import Wire

extension ReleaseView {
    package init(_ release: Release, standing: Standing, warmUntil: Instant? = nil) {
        self.init(
            app: release.app, number: release.number, standing: standing, version: release.package.version,
            digest: release.package.digest, sizeBytes: release.package.size, sourceCommit: release.sourceCommit,
            configCommit: release.configCommit, createdAt: release.createdAt, createdBy: release.createdBy,
            warmUntil: warmUntil)
    }
}

extension ReleaseDiffView {
    /// What makes a difference to an instance, between two releases of an app.
    package init(_ before: Release, _ after: Release) {
        var values: [Value] = []
        func compare(_ part: Value.Part, _ key: String, _ old: String?, _ new: String?) {
            if old != new { values.append(Value(part: part, key: key, before: old, after: new)) }
        }
        compare(.package, "digest", before.package.digest.hex, after.package.digest.hex)
        compare(.package, "version", before.package.version, after.package.version)
        compare(.source, "commit", before.sourceCommit, after.sourceCommit)
        compare(.source, "configuration", before.configCommit, after.configCommit)
        for key in Set(before.environment.keys).union(after.environment.keys).sorted() {
            compare(.environment, key, before.environment[key], after.environment[key])
        }
        for name in Set(before.processes.keys).union(after.processes.keys).sorted() {
            let old = before.processes[name].map(Self.facts) ?? [:]
            let new = after.processes[name].map(Self.facts) ?? [:]
            for key in Set(old.keys).union(new.keys).sorted() {
                compare(.process, "\(name) \(key)", old[key], new[key])
            }
        }
        let files = Set(before.config.keys).union(after.config.keys).sorted().compactMap { path -> File? in
            let (old, new) = (before.config[path] ?? "", after.config[path] ?? "")
            return old == new ? nil : File(path: path, lines: LineDiff.between(old, new))
        }
        self.init(
            app: after.app, from: ReleaseView(before, standing: .kept), to: ReleaseView(after, standing: .kept),
            values: values, files: files)
    }

    private static func facts(_ process: ProcessSpec) -> [String: String] {
        [
            "run": process.run.text, "health": process.health?.kind.text ?? "none",
            "memory": process.limits.memory?.description ?? "unlimited",
            "cpu weight": process.limits.cpuWeight.map { "\($0)" } ?? "default",
            "stop": "\(process.stop.signal.rawValue), \(process.stop.timeout)",
            "replacement": process.replacement.rawValue,
            "phases": process.phases.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                "\($0.key.rawValue)=\($0.value)"
            }
            .joined(separator: " "),
        ]
    }
}

/// The lines that differ between two texts, with three unchanged lines around each.
package enum LineDiff {
    /// Longer texts are shown as replaced whole: the comparison takes lines squared.
    package static let linesMax = 2000
    private static let context = 3

    package static func between(_ before: String, _ after: String) -> [DiffLine] {
        let old = before.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let new = after.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard old.count <= linesMax, new.count <= linesMax else {
            return old.enumerated().map { DiffLine(kind: .removed, text: $1, before: $0 + 1) }
                + new.enumerated().map { DiffLine(kind: .added, text: $1, after: $0 + 1) }
        }
        return folded(merged(old, new))
    }

    /// All lines of both, in order.
    private static func merged(_ old: [String], _ new: [String]) -> [DiffLine] {
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [DiffLine] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if left < old.count, removed.contains(left) {
                lines.append(DiffLine(kind: .removed, text: old[left], before: left + 1))
                left += 1
            } else if right < new.count, inserted.contains(right) {
                lines.append(DiffLine(kind: .added, text: new[right], after: right + 1))
                right += 1
            } else {
                lines.append(DiffLine(kind: .same, text: old[left], before: left + 1, after: right + 1))
                left += 1
                right += 1
            }
        }
        return lines
    }

    /// Without the unchanged lines that are far from a change.
    private static func folded(_ lines: [DiffLine]) -> [DiffLine] {
        var isNear = [Bool](repeating: false, count: lines.count)
        for (index, line) in lines.enumerated() where line.kind != .same {
            for near in max(0, index - context)...min(lines.count - 1, index + context) { isNear[near] = true }
        }
        var folded: [DiffLine] = []
        for (index, line) in lines.enumerated() {
            if isNear[index] {
                folded.append(line)
            } else if folded.last?.kind != .gap {
                folded.append(DiffLine(kind: .gap, text: ""))
            }
        }
        return folded
    }
}
