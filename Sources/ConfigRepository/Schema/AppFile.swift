import Core

/// `apps/NAME.yaml`, but for its processes.
extension SchemaReader {
    static let appKeys: Set<String> = [
        "app", "source", "build", "processes", "config", "environment", "routes", "rollout",
    ]
    static let sourceKeys: Set<String> = ["git", "ref", "path"]
    static let buildKeys: Set<String> = ["script", "output"]
    static let routeKeys: Set<String> = ["host", "path", "to", "balancer", "cors", "sticky", "websocket"]
    static let rolloutKeys: Set<String> = [
        "strategy", "batch", "parallel", "warm", "automatic-rollback", "packages-kept", "drain",
    ]
    /// What an instance is given beside `environment`.
    static let variablesGiven: Set<String> = ["HOST", "PORT"]
    static let environmentMax = 500
    static let valueBytesMax = 32 << 10

    func app(file: String, name fileName: String) -> AppDeclaration? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "an app", keys: Self.appKeys, log: log)
        else { return nil }
        let name = name("app", in: reader, fileName: fileName, as: AppName.self)
        let user = name?.value ?? AppName(checked: "unnamed")
        let source = source(reader)
        let build = build(reader)
        let environment = environment(reader)
        let processes = processes(reader, app: user, environment: environment)
        let config = config(reader, app: user)
        let routes = routes(reader, processes: processes)
        let rollout = rollout(reader)
        return name.map { name in
            AppDeclaration(
                name: name, source: source ?? .folder(path: "."), build: build ?? .files, processes: processes,
                config: config, environment: environment, routes: routes, rollout: rollout)
        }
    }

    private func source(_ reader: MappingReader) -> SourceSpec? {
        guard reader.has("source") else {
            reader.reportMissing(
                "source", hint: "write `source: { git: URL, ref: main }` or `source: { path: src/shop }`")
            return nil
        }
        guard let source = reader.mapping("source", noun: "a source", keys: Self.sourceKeys) else { return nil }
        switch (source.has("git"), source.has("path")) {
        case (true, false):
            let location = source.parse("git") { text throws(Problem) in try GitLocation(text) }
            let reference = source.parse("ref") { text throws(Problem) in try GitReference(text) }
            return location.map { .git(url: $0.value.text, ref: reference?.value.text ?? "HEAD") }
        case (false, true):
            if source.has("ref") {
                log.error(
                    "source.ref", at: source.keyPosition("ref"), "A folder of this repository has no `ref` of its own.",
                    hint: "remove `ref`: the folder is read at the commit that the app is")
            }
            guard let path = source.parse("path", Checks.relativePath) else { return nil }
            if !tree.isFolder(path.value) {
                log.error(
                    "source.missing", at: path.position, "There is no folder \(quotedForMessage(path.value)).",
                    hint: "paths start at the root of this repository")
            }
            return .folder(path: path.value)
        default:
            log.error(
                "source.invalid", at: source.position, "A source is either `git` or `path`.",
                hint: "write `source: { git: URL, ref: main }` or `source: { path: src/shop }`")
            return nil
        }
    }

    private enum Recipe: String, CaseIterable {
        case python
        case node
        case files
        case script
    }

    private func build(_ reader: MappingReader) -> BuildRecipe? {
        guard reader.has("build") else {
            reader.reportMissing("build", hint: "write python, node, files, or { script: bin/build }")
            return nil
        }
        guard let value = reader.value("build") else { return nil }
        if value.scalar != nil {
            guard let text = log.text(value, of: "build"), let recipe = log.choice(text, of: "build", from: Recipe.self)
            else {
                return nil
            }
            switch recipe.value {
            case .python: return .python
            case .node: return .node
            case .files: return .files
            case .script:
                log.error(
                    "value.type", at: value.position, "A build by script names its script.",
                    hint: "write `build: { script: bin/build }`")
                return nil
            }
        }
        guard let build = MappingReader(value, noun: "a build", keys: Self.buildKeys, log: log) else { return nil }
        if !build.has("script") { build.reportMissing("script", hint: "write the path of an executable of the source") }
        let script = build.parse("script", Checks.relativePath)
        let output = build.parse("output", Checks.relativePath)
        return script.map { .script(path: $0.value, output: output?.value) }
    }

    private func environment(_ reader: MappingReader) -> [String: String] {
        guard reader.has("environment") else { return [:] }
        var environment: [String: String] = [:]
        let entries = reader.entries("environment")
        if entries.count > Self.environmentMax {
            log.error(
                "value.range", at: reader.keyPosition("environment"),
                "There are more than \(Self.environmentMax) variables.")
        }
        for entry in entries.prefix(Self.environmentMax) {
            let name = log.parse(Located(entry.key, at: entry.keyPosition), Checks.environmentName)
            if entry.value.isNull {
                log.error(
                    "value.missing", at: entry.keyPosition, "\(quotedForMessage(entry.key)) has no value.",
                    hint: "write \"\" for an empty one")
                continue
            }
            guard let name, let text = log.text(entry.value, of: entry.key) else { continue }
            if Self.variablesGiven.contains(name.value) {
                log.error(
                    "environment.given", at: name.position, "Apus itself sets \(name.value).",
                    hint: "choose another name")
            }
            guard text.value.utf8.count <= Self.valueBytesMax else {
                log.error(
                    "value.range", at: text.position, "The value is longer than \(Self.valueBytesMax >> 10) KiB.",
                    hint: "put it into a template under `config`")
                continue
            }
            environment[name.value] = text.value
        }
        return environment
    }

    private func config(_ reader: MappingReader, app: AppName) -> [String: String] {
        guard reader.has("config") else { return [:] }
        var config: [String: String] = [:]
        for entry in reader.entries("config") {
            let path = log.parse(Located(entry.key, at: entry.keyPosition), Checks.relativePath)
            guard let template = log.text(entry.value, of: entry.key) else { continue }
            uses.insert(ConfigurationUse(of: .template(template.value), by: .app(app), at: template.position))
            guard let text = attachment(template, folder: "templates", noun: "template"), let path else { continue }
            config[path.value] = text
        }
        return config
    }

    private enum Strategy: String, CaseIterable {
        case rolling
        case allAtOnce = "all-at-once"
    }

    private func rollout(_ reader: MappingReader) -> RolloutPolicy {
        var policy = RolloutPolicy()
        guard reader.has("rollout"),
            let rollout = reader.mapping("rollout", noun: "a rollout", keys: Self.rolloutKeys)
        else { return policy }
        let strategy = rollout.choice("strategy", of: Strategy.self)
        if let batch = rollout.parse("batch", { text throws(Problem) in try Share(text) }) {
            policy.batch = batch.value
        }
        if strategy?.value == .allAtOnce {
            if rollout.has("batch"), policy.batch != .percent(100) {
                log.error(
                    "rollout.batch", at: rollout.keyPosition("batch"), "All at once has no batches.",
                    hint: "remove `batch`, or write `strategy: rolling`")
            }
            policy.batch = .percent(100)
        }
        if let parallel = rollout.integer("parallel", in: 1...1000) { policy.parallelMax = parallel.value }
        if let warm = rollout.interval("warm", in: .seconds(0)...Interval(milliseconds: 7 * 86_400_000)) {
            policy.warm = warm.value
        }
        if let automatic = rollout.flag("automatic-rollback") { policy.automaticRollback = automatic.value }
        if let drain = rollout.interval("drain", in: .seconds(0)...Interval(milliseconds: 3_600_000)) {
            policy.drain = drain.value
        }
        if let kept = rollout.integer("packages-kept", in: 1...100) { policy.packagesKept = kept.value }
        return policy
    }
}
