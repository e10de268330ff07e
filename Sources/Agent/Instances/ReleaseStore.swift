import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// Packages and unpacked releases of a host, and the links that name which one is current.
struct ReleaseStore: Sendable {
    private struct Note: Codable {
        var identity: Digest
        var package: Digest
    }

    let folders: HostFolders
    let fetch: @Sendable (PackageReference) async throws(Problem) -> FilePath
    let unpack: @Sendable (FilePath, PackageReference, [String: String], FilePath) async throws(Problem) -> Void
    let attic: Attic
    private let turns = Turnstile<String>()

    init(
        folders: HostFolders, fetch: @escaping @Sendable (PackageReference) async throws(Problem) -> FilePath,
        unpack:
            @escaping @Sendable (FilePath, PackageReference, [String: String], FilePath) async throws(Problem) -> Void
    ) {
        self.folders = folders
        attic = Attic(folders: folders)
        self.fetch = fetch
        self.unpack = unpack
    }

    /// The package on this host's disk: fetched if it is not there.
    func package(_ reference: PackageReference) async throws(Problem) -> FilePath {
        try await turns.pass(reference.digest.hex) { () async throws(Problem) -> FilePath in
            let path = folders.package(reference)
            if Disk.exists(path) { return path }
            try Disk.makeFolder(folders.packages(reference.app))
            let fetched = try await fetch(reference)
            // A second name costs nothing; on another disk the package stays where it was put.
            return Glibc.link(fetched.string, path.string) == 0 ? path : fetched
        }
    }

    /// Makes the release's folder whole, if it is not yet.
    func install(_ spec: InstanceSpec, group: UInt32?, _ output: @Sendable (String) -> Void) async throws(Problem) {
        let app = spec.id.app
        try await turns.pass("\(app)/\(spec.releaseIdentity)") { () async throws(Problem) in
            let folder = folders.release(app, spec.releaseIdentity)
            if note(app, spec.releaseIdentity.short)?.identity == spec.releaseIdentity {
                return output("release \(spec.releaseIdentity.short) is unpacked")
            }
            try Disk.makeFolder(folders.releases(app))
            Disk.spreadFolders(in: folders.releases(app))
            let archive = try await package(spec.package)
            output("unpacking \(spec.package.app)@\(spec.package.version)")
            let temporary = folders.releases(app).appending(".new-\(spec.releaseIdentity.short)")
            try Disk.remove(temporary)
            do throws(Problem) {
                try await unpack(archive, spec, temporary)
            } catch {
                // A package that cannot be unpacked is not kept: the next try fetches it anew.
                try? Disk.remove(temporary)
                try? Disk.remove(folders.package(spec.package))
                throw error
            }
            try finish(temporary, folder, group: group, app)
            try writeNote(Note(identity: spec.releaseIdentity, package: spec.package.digest), app)
        }
    }

    /// Unpacks, a second time if the room for it was only taken by what is to be removed anyway.
    private func unpack(_ archive: FilePath, _ spec: InstanceSpec, _ target: FilePath) async throws(Problem) {
        do throws(Problem) {
            try await unpack(archive, spec.package, spec.config, target)
        } catch {
            guard await attic.empty() else { throw error }
            try Disk.remove(target)
            try await unpack(archive, spec.package, spec.config, target)
        }
    }

    /// Apps are closed to each other: a release may hold secrets in its config. The app's folder
    /// is closed, so that what is in it need not be.
    private func finish(_ temporary: FilePath, _ folder: FilePath, group: UInt32?, _ app: AppName) throws(Problem) {
        if let group {
            guard chown(folders.app(app).string, 0, group) == 0, chmod(folders.app(app).string, 0o750) == 0 else {
                throw Disk.fault("Changing an owner", folders.app(app))
            }
        }
        try Disk.remove(folder)
        guard rename(temporary.string, folder.string) == 0 else { throw Disk.fault("Renaming a folder", temporary) }
        try Disk.synchronize(folders.releases(app))
    }

    func links() -> [AppName: ReleaseLinks] {
        var links: [AppName: ReleaseLinks] = [:]
        for name in Disk.names(in: folders.apps) {
            guard let app = try? AppName(name) else { continue }
            let found = ReleaseLinks(current: linked(app, "current"), previous: linked(app, "previous"))
            if found != ReleaseLinks() { links[app] = found }
        }
        return links
    }

    func link(_ app: AppName, _ identity: Digest) throws(Problem) {
        guard note(app, identity.short)?.identity == identity else {
            throw Problem(
                "release.not-installed", "The release cannot be linked.",
                cause: "\(app) has no release \(identity.short) on this host.",
                remedy: "Install an instance of it first.")
        }
        let current = linked(app, "current")
        if current == identity { return }
        if let current {
            try Disk.link(folders.app(app).appending("previous"), to: "releases/\(current.short)")
        }
        try Disk.link(folders.app(app).appending("current"), to: "releases/\(identity.short)")
    }

    /// Removes releases that no instance uses and no link names, and all but the last packages.
    func prune(_ app: AppName, used: Set<Digest>, packagesKept: Int) async throws(Problem) {
        let needed = used.union([linked(app, "current"), linked(app, "previous")].compactMap { $0 })
        var packages: Set<String> = []
        for name in Disk.names(in: folders.releases(app)) where name.hasSuffix(".json") {
            guard let note = note(app, String(name.dropLast(5))) else { continue }
            if needed.contains(note.identity) {
                packages.insert(note.package.hex + ".tar.zst")
                continue
            }
            try await turns.pass("\(app)/\(note.identity)") { () async throws(Problem) in
                try Disk.remove(folders.releaseNote(app, note.identity))
                try attic.add(folders.release(app, note.identity), of: app)
            }
        }
        let folder = folders.packages(app)
        let byAge = Disk.names(in: folder).filter { !packages.contains($0) }.sorted {
            age($0, folder) < age($1, folder)
        }
        for name in byAge.dropFirst(max(0, packagesKept - packages.count)) { try Disk.remove(folder.appending(name)) }
    }

    private func age(_ name: String, _ folder: FilePath) -> Int {
        (try? folder.appending(name).stat()).map { -$0.st_ctim.tv_sec } ?? 0
    }

    private func linked(_ app: AppName, _ name: String) -> Digest? {
        guard let target = Disk.linkTarget(folders.app(app).appending(name)), target.hasPrefix("releases/") else {
            return nil
        }
        return note(app, String(target.dropFirst("releases/".count)))?.identity
    }

    private func note(_ app: AppName, _ short: String) -> Note? {
        guard let bytes = Disk.read(folders.releases(app).appending(short + ".json")) else { return nil }
        return try? JSONDecoder().decode(Note.self, from: Data(bytes))
    }

    private func writeNote(_ note: Note, _ app: AppName) throws(Problem) {
        let text = "{\"identity\":\"\(note.identity)\",\"package\":\"\(note.package)\"}\n"
        try Disk.write(Array(text.utf8), to: folders.releaseNote(app, note.identity))
    }
}
