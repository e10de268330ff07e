package import Core
import FoundationEssentials

/// What a release is to be made of.
package struct ReleaseDraft: Hashable, Sendable {
    package var app: AppName
    package var package: PackageReference
    package var config: [String: String]
    package var environment: [String: String]
    package var processes: [ProcessName: ProcessSpec]
    package var sourceCommit: String
    package var configCommit: String

    package init(
        app: AppName, package: PackageReference, config: [String: String], environment: [String: String],
        processes: [ProcessName: ProcessSpec], sourceCommit: String, configCommit: String
    ) {
        self.app = app
        self.package = package
        self.config = config
        self.environment = environment
        self.processes = processes
        self.sourceCommit = sourceCommit
        self.configCommit = configCommit
    }

    package var identity: Digest {
        get throws(Problem) {
            try ReleaseIdentity.digest(
                package: package.digest, config: config, environment: environment, processes: processes)
        }
    }
}

/// The releases of a fabric's apps, numbered from 1 per app. A number is never used twice.
package struct ReleaseStore: Sendable {
    private static let attemptsMax = 20

    private let store: any StateStore
    private let now: @Sendable () -> Instant

    package init(store: any StateStore, now: @escaping @Sendable () -> Instant) {
        self.store = store
        self.now = now
    }

    /// Makes a release, or answers the newest one when that runs the same.
    package func record(
        _ draft: ReleaseDraft, createdBy: String
    ) async throws(Problem) -> (release: Release, isNew: Bool) {
        try await record(of: draft.app, createdBy: createdBy) { _ in draft }
    }

    /// The same for a draft that depends on the release's number, because a template speaks of it.
    /// The draft is first made with the newest number: when that is the newest release again,
    /// there is no new one.
    /// - Parameter draft: may be called several times.
    package func record(
        of app: AppName, createdBy: String, _ draft: @Sendable (_ number: Int) throws(Problem) -> ReleaseDraft
    ) async throws(Problem) -> (release: Release, isNew: Bool) {
        let counter = try TypedKey<Int>("release-numbers/\(app)")
        for _ in 0..<Self.attemptsMax {
            let last = try await store.get(counter)
            let number = last?.value ?? 0
            if number > 0, let newest = try await release(app, number),
                try draft(number).identity == newest.identity
            {
                return (newest, false)
            }
            let release = try release(number + 1, draft(number + 1), createdBy)
            let result = try await store.transact(
                StateTransaction(
                    compare: [
                        last.map { .modRevision(counter.key, $0.modRevision) } ?? .absent(counter.key),
                        .absent(try Self.key(app, number + 1).key),
                    ],
                    success: [
                        .put(counter.key, try StateJSON.encode(number + 1)),
                        .put(try Self.key(app, number + 1).key, try StateJSON.encode(release)),
                    ]))
            if result.succeeded { return (release, true) }
        }
        throw Problem(
            "release.contended", "No release of \(app) was made.",
            cause: "Others made releases of it at the same time.",
            remedy: "Deploy again.")
    }

    /// The newest first.
    package func releases(of app: AppName, limit: Int? = nil) async throws(Problem) -> [Release] {
        let releases = try await store.values(.prefix("releases/\(app)/"), as: Release.self)
        return Array(releases.reversed().prefix(limit ?? .max))
    }

    /// - Returns: nil when there is no such release.
    package func release(_ app: AppName, _ number: Int) async throws(Problem) -> Release? {
        guard number > 0 else { return nil }
        return try await store.get(try Self.key(app, number))?.value
    }

    package func newest(of app: AppName) async throws(Problem) -> Release? {
        guard let number = try await store.get(try TypedKey<Int>("release-numbers/\(app)"))?.value else { return nil }
        return try await release(app, number)
    }

    /// - Throws: `release.unknown`.
    package func existing(_ app: AppName, _ number: Int) async throws(Problem) -> Release {
        if let release = try await release(app, number) { return release }
        let newest = try await newest(of: app).map { "The newest is \($0.number)." } ?? "It has none."
        throw Problem(
            "release.unknown", "There is no release \(number) of \(app).", cause: newest,
            remedy: "See them: apus releases \(app).")
    }

    private func release(_ number: Int, _ draft: ReleaseDraft, _ createdBy: String) throws(Problem) -> Release {
        Release(
            app: draft.app, number: number, package: draft.package, config: draft.config,
            environment: draft.environment, processes: draft.processes, sourceCommit: draft.sourceCommit,
            configCommit: draft.configCommit, createdAt: now(), createdBy: createdBy, identity: try draft.identity)
    }

    private static func key(_ app: AppName, _ number: Int) throws(Problem) -> TypedKey<Release> {
        try TypedKey("releases/\(app)/\(StateKey.digits(number))")
    }
}
