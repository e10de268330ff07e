package import Core

/// What is different from one release to another, in words and lines.
package struct ReleaseDiff: Codable, Hashable, Sendable {
    package struct Change: Codable, Hashable, Sendable {
        /// `package version`, `environment DEBUG`, `process web memory`.
        package var what: String
        /// nil: was not there.
        package var before: String?
        /// nil: is no longer there.
        package var after: String?

        package var text: String {
            switch (before, after) {
            case (let before?, let after?): "~ \(what): \(before) → \(after)"
            case (nil, let after?): "+ \(what): \(after)"
            case (let before?, nil): "- \(what): \(before)"
            case (nil, nil): what
            }
        }
    }

    package struct File: Codable, Hashable, Sendable {
        package var path: String
        package var lines: [LineDiff.Line]
    }

    package var app: AppName
    package var from: Int
    package var to: Int
    package var changes: [Change]
    /// Config files that are different.
    package var files: [File]

    package var isEmpty: Bool { changes.isEmpty && files.isEmpty }

    package init(from old: Release, to new: Release) {
        app = new.app
        from = old.number
        to = new.number
        var changes: [Change] = []
        func compare(_ what: String, _ before: String?, _ after: String?) {
            if before != after { changes.append(Change(what: what, before: before, after: after)) }
        }
        compare("package version", old.package.version, new.package.version)
        compare("package digest", old.package.digest.short, new.package.digest.short)
        compare("source commit", old.sourceCommit, new.sourceCommit)
        compare("config commit", old.configCommit, new.configCommit)
        for name in Set(old.environment.keys).union(new.environment.keys).sorted() {
            compare("environment \(name)", old.environment[name], new.environment[name])
        }
        for name in Set(old.processes.keys).union(new.processes.keys).sorted() {
            switch (old.processes[name], new.processes[name]) {
            case (nil, let after?): compare("process \(name)", nil, after.run.text)
            case (let before?, nil): compare("process \(name)", before.run.text, nil)
            case (let before?, let after?):
                let after = Self.fields(of: after)
                for (field, value) in zip(Self.fields(of: before), after) {
                    compare("process \(name) \(field.name)", field.value, value.value)
                }
            case (nil, nil): break
            }
        }
        self.changes = changes
        files = Set(old.config.keys).union(new.config.keys).sorted().compactMap { path in
            old.config[path] == new.config[path]
                ? nil : File(path: path, lines: LineDiff.lines(from: old.config[path], to: new.config[path]))
        }
    }

    /// The whole difference for a terminal, one line each.
    package var text: String {
        var lines = changes.map(\.text)
        for file in files {
            lines.append("~ config \(file.path)")
            lines += file.lines.map { "    \($0.mark.rawValue) \($0.text)" }
        }
        return lines.isEmpty ? "no difference" : lines.joined(separator: "\n")
    }

    private static func fields(of process: ProcessSpec) -> [(name: String, value: String?)] {
        [
            ("run", process.run.text),
            ("instances", "\(process.instances)"),
            ("health", process.health?.text),
            ("memory", process.limits.memory?.description),
            ("cpu weight", process.limits.cpuWeight.map { "\($0)" }),
            ("open files", process.limits.files.map { "\($0)" }),
            ("stop", "\(process.stop.signal.rawValue) within \(process.stop.timeout)"),
            ("placement", process.placement.text),
            ("replacement", process.replacement.rawValue),
            ("phases", process.phases.isEmpty ? nil : process.phases.map { "\($0.key): \($0.value)" }.sorted().joined(separator: ", ")),
        ]
    }
}

extension RunSpec {
    fileprivate var text: String {
        switch self {
        case .command(let command): command.text
        case .files(let folder): "files of \(folder)"
        }
    }
}

extension HealthProbe {
    fileprivate var text: String {
        let kind =
            switch self.kind {
            case .http(let path): "GET \(path)"
            case .tcp: "connection"
            case .command(let command): command.text
            }
        return "\(kind) every \(interval) within \(timeout), \(failuresMax) failures, \(startup) to start"
    }
}

extension HostSelector {
    fileprivate var text: String? {
        guard !isUnrestricted else { return nil }
        var parts = hosts.map(\.text)
        if let hostClass { parts.append("class \(hostClass)") }
        parts += labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return parts.joined(separator: ", ")
    }
}
