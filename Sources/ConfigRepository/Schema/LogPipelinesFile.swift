import Core

/// `logs.pipelines` of a fabric.
extension SchemaReader {
    private static let pipelinesMax = 100
    static let logPipelineKeys: Set<String> = ["lines", "steps"]

    func logPipelines(_ reader: MappingReader, _ declaration: inout LogsDeclaration) -> [LogPipelineSpec] {
        let steps = LogStepsReader(self)
        defer { declaration.templates = steps.templates }
        return bounded(reader.entries("pipelines"), Self.pipelinesMax, "pipelines", reader).compactMap { entry in
            guard let name = log.name(key: entry, as: LogPipelineName.self),
                let reader = MappingReader(entry.value, noun: "a pipeline", keys: Self.logPipelineKeys, log: log)
            else { return nil }
            let lines = reader.parse("lines", Checks.query)
            if !reader.has("steps") { reader.reportMissing("steps", hint: "write `steps: [{ parse: json }]`") }
            return LogPipelineSpec(
                name: name.value, lines: lines?.value ?? "", steps: steps.steps("steps", reader))
        }
    }
}
