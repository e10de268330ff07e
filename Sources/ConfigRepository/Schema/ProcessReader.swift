import Core

/// The processes of an app.
extension SchemaReader {
    static let processKeys: Set<String> = [
        "run", "files", "instances", "health", "memory", "cpu", "max-files", "stop", "on", "replace", "once", "phases",
    ]
    static let healthKeys: Set<String> = ["http", "tcp", "command", "interval", "timeout", "failures", "startup"]
    static let stopKeys: Set<String> = ["signal", "timeout"]
    static let instancesMax = 10_000
    private static let probeIntervals = Interval(milliseconds: 100)...Interval.minutes(60)

    func processes(
        _ reader: MappingReader, app: AppName, environment: [String: String]
    ) -> [ProcessName: ProcessDeclaration] {
        guard reader.has("processes") else {
            reader.reportMissing("processes", hint: "write one: processes: { web: { run: … } }")
            return [:]
        }
        var processes: [ProcessName: ProcessDeclaration] = [:]
        for entry in reader.entries("processes") {
            guard let name = log.name(key: entry, as: ProcessName.self),
                let mapping = MappingReader(entry.value, noun: "a process", keys: Self.processKeys, log: log)
            else { continue }
            processes[name.value] = process(mapping, name: name, environment: environment)
        }
        if processes.isEmpty, reader.entries("processes").isEmpty {
            log.error("process.none", at: reader.keyPosition("processes"), "The app has no process.")
        }
        return processes
    }

    private func process(
        _ reader: MappingReader, name: Located<ProcessName>, environment: [String: String]
    ) -> ProcessDeclaration {
        let run = run(reader, environment: environment)
        var spec = ProcessSpec(name: name.value, run: run ?? .files(folder: "."), instances: 0)
        spec.health = health(reader, listens: spec.run.listens, environment: environment)
        if let memory = reader.parse("memory", { text throws(Problem) in try ByteCount(text) }) {
            if memory.value < .mebibytes(1) {
                log.error(
                    "value.range", at: memory.position, "`memory` must be at least 1MiB.",
                    hint: "256MiB is a usual figure")
            }
            spec.limits.memory = memory.value
        }
        spec.limits.cpuWeight = reader.integer("cpu", in: 1...10_000)?.value
        spec.limits.files = reader.integer("max-files", in: 16...1_048_576)?.value
        stop(reader, &spec.stop)
        spec.replacement = spec.run.listens ? .beside : .inPlace
        if let replacement = reader.choice("replace", of: ReplacementChoice.self) {
            spec.replacement = replacement.value == .beside ? .beside : .inPlace
        }
        spec.phases = phases(reader)
        let instances = instances(reader)
        if reader.flag("once")?.value == true {
            spec.replacement = .once
            checkOnce(reader, spec, instances)
        }
        return ProcessDeclaration(name: name, spec: spec, instances: instances, placement: selector(reader))
    }

    private enum ReplacementChoice: String, CaseIterable {
        case beside
        case inPlace = "in-place"
    }

    /// What runs to its end has no successor, nobody to answer, and no need of a second.
    private func checkOnce(_ reader: MappingReader, _ spec: ProcessSpec, _ instances: ProcessDeclaration.Instances) {
        for key in ["replace", "health", "files"] where reader.has(key) {
            log.error(
                "process.once", at: reader.keyPosition(key), "A process that runs once has no `\(key)`.",
                hint: "remove `\(key)`, or `once`")
        }
        if case .command = spec.run, spec.run.listens {
            log.error(
                "process.once", at: reader.keyPosition("run"), "A process that runs once listens on no port.",
                hint: "remove $PORT, or `once`")
        }
        let counts: [Located<Int>]
        switch instances {
        case .everywhere(let count): counts = [count]
        case .byFabric(let byFabric): counts = Array(byFabric.values)
        }
        for count in counts where count.value > 1 {
            log.error(
                "process.once", at: count.position, "A process that runs once has one instance, or none.",
                hint: "write 1, or 0 for fabrics that do not need it")
        }
    }

    private func run(_ reader: MappingReader, environment: [String: String]) -> RunSpec? {
        switch (reader.has("run"), reader.has("files")) {
        case (true, false): return command("run", in: reader, environment: environment).map { .command($0) }
        case (false, true):
            guard let text = reader.text("files") else { return nil }
            if text.value == "." || text.value == "./" { return .files(folder: ".") }
            return log.parse(text, Checks.relativePath).map { .files(folder: $0.value) }
        case (false, false):
            reader.reportMissing("run", hint: "write the command (run: …), or a folder to serve (files: public/)")
        case (true, true):
            log.error(
                "process.both", at: reader.keyPosition("files"), "A process has either `run` or `files`.",
                hint: "make two processes of it")
        }
        return nil
    }

    private func command(_ key: String, in reader: MappingReader, environment: [String: String]) -> CommandTemplate? {
        guard let command = reader.parse(key, { text throws(Problem) in try CommandTemplate(text) }) else { return nil }
        let known = Self.variablesGiven.union(environment.keys)
        for variable in command.value.variables.subtracting(known).sorted() {
            let suggestion = Suggestion.nearest(to: variable, in: known).map { "did you mean $\($0)?" }
            log.error(
                "variable.unknown", at: command.position, "$\(variable) is not set.",
                hint: suggestion ?? "set it under `environment`")
        }
        return command.value
    }

    private func health(_ reader: MappingReader, listens: Bool, environment: [String: String]) -> HealthProbe? {
        guard reader.has("health"),
            let health = reader.mapping("health", noun: "a health probe", keys: Self.healthKeys)
        else { return nil }
        let kinds = ["http", "tcp", "command"].filter(health.has)
        guard kinds.count == 1 else {
            log.error(
                "health.kind", at: health.position, "A health probe has one of `http`, `tcp` and `command`.",
                hint: "write `health: { http: /healthz }`")
            return nil
        }
        if !listens, kinds[0] != "command" {
            log.error(
                "health.deaf", at: health.keyPosition(kinds[0]), "The process listens on no port.",
                hint: "make its command listen on $HOST and $PORT, or probe it by `command`")
        }
        let kind: HealthProbe.Kind?
        switch kinds[0] {
        case "http": kind = health.parse("http", Checks.probePath).map { .http(path: $0.value) }
        case "tcp":
            let flag = health.flag("tcp")
            if flag?.value == false {
                log.error("value.unknown", at: health.keyPosition("tcp"), "`tcp` can only be true.")
            }
            kind = flag.map { _ in .tcp }
        default: kind = command("command", in: health, environment: environment).map { .command($0) }
        }
        var probe = HealthProbe(kind: kind ?? .tcp)
        if let interval = health.interval("interval", in: Self.probeIntervals) { probe.interval = interval.value }
        if let timeout = health.interval("timeout", in: Self.probeIntervals) { probe.timeout = timeout.value }
        if let failures = health.integer("failures", in: 1...100) { probe.failuresMax = failures.value }
        if let startup = health.interval("startup", in: .seconds(1)...Interval.minutes(60)) {
            probe.startup = startup.value
        }
        return probe
    }

    private func stop(_ reader: MappingReader, _ spec: inout StopSpec) {
        guard reader.has("stop"), let stop = reader.mapping("stop", noun: "`stop`", keys: Self.stopKeys) else { return }
        if let signal = stop.choice("signal", of: StopSpec.Signal.self) { spec.signal = signal.value }
        if let timeout = stop.interval("timeout", in: .seconds(0)...Interval.minutes(60)) {
            spec.timeout = timeout.value
        }
    }

    private func phases(_ reader: MappingReader) -> [LifecyclePhase: String] {
        guard reader.has("phases") else { return [:] }
        var phases: [LifecyclePhase: String] = [:]
        for entry in reader.entries("phases") {
            let phase = log.choice(Located(entry.key, at: entry.keyPosition), of: "phases", from: LifecyclePhase.self)
            guard let text = log.text(entry.value, of: entry.key) else { continue }
            if let phase, let path = log.parse(text, Checks.relativePath) { phases[phase.value] = path.value }
        }
        return phases
    }

    /// A number for every fabric, or a number for each fabric that is named. Left out: 1 everywhere.
    private func instances(_ reader: MappingReader) -> ProcessDeclaration.Instances {
        guard reader.has("instances"), let value = reader.value("instances") else {
            return .everywhere(Located(1, at: reader.position))
        }
        guard case .mapping(let entries) = value.content else {
            let count = log.integer(value, of: "instances", in: 0...Self.instancesMax)
            return .everywhere(count ?? Located(0, at: value.position))
        }
        var counts: [Located<FabricName>: Located<Int>] = [:]
        for entry in entries where !entry.key.hasPrefix("x-") {
            guard let fabric = log.name(key: entry, as: FabricName.self) else { continue }
            counts[fabric] =
                log.integer(entry.value, of: entry.key, in: 0...Self.instancesMax) ?? Located(0, at: entry.keyPosition)
        }
        return .byFabric(counts)
    }
}
