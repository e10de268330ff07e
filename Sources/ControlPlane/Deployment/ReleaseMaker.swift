package import ConfigRepository
package import Core
import Crypto
import FoundationEssentials
package import Packages
package import SystemPackage

/// Makes releases: source to package, templates to config, both to a numbered release.
package struct ReleaseMaker: Sendable {
    private let sources: AppSources
    private let work: FilePath
    private let objects: any ObjectStore
    private let signer: PackageSigner
    private let store: any StateStore
    private let releases: ReleaseStore
    private let builder = PackageBuilder()

    /// - Parameter work: a folder that is there, for mirrors of sources and for builds.
    package init(
        configuration: GitRepository, work: FilePath, objects: any ObjectStore, signer: PackageSigner,
        store: any StateStore, releases: ReleaseStore
    ) throws(Problem) {
        sources = AppSources(configuration: configuration, mirrors: work.appending("mirrors"))
        self.work = work.appending("builds")
        self.objects = objects
        self.signer = signer
        self.store = store
        self.releases = releases
        for folder in [work.appending("mirrors"), self.work] {
            do {
                try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
            } catch {
                throw Problem(
                    "build.folder", "The folder for builds cannot be made.", cause: "\(folder): \(error)",
                    remedy: "Give the server a state folder that it may write to.")
            }
        }
        try PackageBuilder.removeLeftovers(in: self.work)
    }

    /// Makes the release that a configuration asks for. A source that was built before is not
    /// built again, and what runs the same as the newest release is that release.
    /// - Parameter log: is given each line of the build's output.
    package func make(
        _ app: AppSpec, in configuration: FabricConfiguration, ref: String?, by who: String,
        log: @escaping @Sendable (String) -> Void
    ) async throws(Problem) -> Release {
        let source = try await sources.resolve(app, configCommit: configuration.commit, ref: ref)
        if ref == nil {
            try await store.put(Self.inputsKey(app.name), AppInputs(app, sourceIdentity: source.identity))
        }
        let package = try await package(of: app, from: source, log: log)
        let renderer = TemplateRenderer()
        let (release, isNew) = try await releases.record(of: app.name, createdBy: who) { number throws(Problem) in
            let context = TemplateContext(
                fabric: configuration.fabric, app: app.name, release: number, version: package.version,
                commit: configuration.commit, environment: app.environment,
                hosts: configuration.hosts.values.sorted { $0.name < $1.name })
            return ReleaseDraft(
                app: app.name, package: package, config: try renderer.render(app.config, context: context),
                environment: app.environment, processes: app.processes, sourceCommit: source.commit,
                configCommit: configuration.commit)
        }
        log(isNew ? "Made release \(release.number)." : "Release \(release.number) runs the same: no new one is made.")
        return release
    }

    /// Whether the configuration asks for another release than the last one that was made.
    func wantsRelease(_ app: AppSpec, configCommit: String) async throws(Problem) -> Bool {
        guard let last = try await store.get(try Self.inputsKey(app.name))?.value else { return true }
        // A branch is looked up again by a deploy, not by an unrelated commit.
        if case .git = app.source, app.source == last.source {
            return try AppInputs(app, sourceIdentity: last.sourceIdentity) != last
        }
        let source = try await sources.resolve(app, configCommit: configCommit, ref: nil)
        return try AppInputs(app, sourceIdentity: source.identity) != last
    }

    private func package(
        of app: AppSpec, from source: ResolvedSource, log: @escaping @Sendable (String) -> Void
    ) async throws(Problem) -> PackageReference {
        let key = try Self.packageKey(app, source)
        if let known = try await store.get(key)?.value, try await objects.contains(known.digest) {
            log("Package \(known.version) (\(known.digest.short)) was built before.")
            return known
        }
        let version = String(source.commit.prefix(8))
        log("Building \(app.name) at \(version) (\(app.build.word)).")
        let name = "\(app.name)-\(source.identity.prefix(12))-\(UInt32.random(in: 0 ... .max))"
        let folder = work.appending(name)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        do {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        } catch {
            throw Problem(
                "build.folder", "The build's folder cannot be made.", cause: "\(folder): \(error)",
                remedy: "Free space in the state folder.")
        }
        let tree = folder.appending("source")
        try await source.repository.export(commit: source.commit, path: source.path, to: tree)
        let packed = try await builder.build(
            recipe: app.build, source: tree, app: app.name, version: version, work: folder, log: log)
        try await objects.put(packed.path, as: packed.digest)
        let reference = try signer.sign(app: app.name, version: version, digest: packed.digest, size: packed.size)
        try await store.put(key, reference)
        return reference
    }

    private static func packageKey(_ app: AppSpec, _ source: ResolvedSource) throws(Problem) -> TypedKey<
        PackageReference
    > {
        struct Inputs: Encodable {
            var source: String
            var build: BuildRecipe
        }
        let data = try StateJSON.encode(Inputs(source: source.identity, build: app.build))
        return try TypedKey("packages/\(app.name)/\(Core.Digest(bytes: SHA256.hash(data: data)).hex)")
    }

    private static func inputsKey(_ app: AppName) throws(Problem) -> TypedKey<AppInputs> {
        try TypedKey("inputs/\(app)")
    }
}
