package import Core

/// What a configuration repository says: every fabric, or everything that is wrong.
package struct ConfigurationReading: Sendable {
    /// Errors and warnings in the order of files and lines.
    package var diagnostics: [Diagnostic]
    /// The names of all fabrics, also when there are errors.
    package var fabrics: [FabricName]
    /// Who uses what.
    package var uses: [ConfigurationUse]
    private var configurations: [FabricName: FabricConfiguration]

    init(
        diagnostics: [Diagnostic], fabrics: [FabricName], uses: [ConfigurationUse],
        configurations: [FabricName: FabricConfiguration]
    ) {
        self.diagnostics = diagnostics
        self.fabrics = fabrics
        self.uses = uses
        self.configurations = configurations
    }

    package var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    package var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
    package var isValid: Bool { errors.isEmpty }

    /// Nil if there is no such fabric, or an error anywhere: a commit is good or it is not.
    package subscript(fabric: FabricName) -> FabricConfiguration? { isValid ? configurations[fabric] : nil }

    /// The fabric's configuration.
    /// - Throws: `config.invalid` with the first error, `config.fabric-unknown`.
    package func configuration(of fabric: FabricName) throws(Problem) -> FabricConfiguration {
        if let first = errors.first {
            let others = errors.count > 1 ? " There are \(errors.count - 1) more." : ""
            throw Problem(
                "config.invalid", "The configuration has \(errors.count == 1 ? "an error" : "\(errors.count) errors").",
                cause: "\(first.problem.sentence) \(first.problem.cause)\(others)",
                remedy: "Run `apus validate` to see all of it; what runs goes on running.")
        }
        guard let configuration = configurations[fabric] else {
            throw Problem(
                "config.fabric-unknown", "There is no such fabric.", cause: "\(fabric) is not in fabrics/.",
                remedy: Suggestion.hint(for: fabric.text, in: fabrics.map(\.text)) ?? "Write fabrics/\(fabric).yaml.")
        }
        return configuration
    }

    /// Everything that names it, in the order of files and lines.
    package func users(of noun: ConfigurationNoun) -> [ConfigurationUse] { uses.filter { $0.used == noun } }
}

/// Reads a configuration repository: pure, but for the tree that it is given.
package enum ConfigurationReader {
    /// - Parameter commit: what the configurations say they were read from.
    package static func read(_ tree: FileTree, commit: String) -> ConfigurationReading {
        let log = DiagnosticLog()
        let schema = SchemaReader(tree: tree, log: log)
        let declarations = schema.declarations()
        ReferenceChecker(declarations: declarations, schema: schema).check()
        var configurations: [FabricName: FabricConfiguration] = [:]
        for (name, fabric) in declarations.fabrics.sorted(by: { $0.key < $1.key }) {
            let resolver = FabricResolver(fabric: fabric, declarations: declarations, schema: schema)
            configurations[name] = resolver.resolve(commit: commit)
        }
        return ConfigurationReading(
            diagnostics: log.finish(), fabrics: declarations.fabrics.keys.sorted(),
            uses: schema.uses.sorted { ($0.position, "\($0.used)") < ($1.position, "\($1.used)") },
            configurations: configurations)
    }

    /// Reads a commit. The work tree does not matter.
    /// - Throws: when git cannot be read at all; what is wrong in the files is in the result.
    package static func read(_ repository: GitRepository, commit: String) async throws(Problem) -> ConfigurationReading
    {
        read(try await repository.tree(at: commit), commit: commit)
    }
}
