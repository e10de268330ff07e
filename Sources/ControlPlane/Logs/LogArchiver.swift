package import Core
import FoundationEssentials
import Glibc
package import Logging
package import Logs
package import Packages
package import SystemPackage
package import Telemetry

/// Brings segments of lines that are complete into a store of objects, gives up their blocks on this disk when they
/// have been there long enough, and fetches those again that a search needs.
///
/// What is where is in `archive.json`: it is written when an object is there, and before the segment's own blocks go.
/// Objects that are on their way in or out are in `doubtful.json`, so that a crash leaves none that nobody knows. What the
/// place has besides is never touched: it may be another server's.
package actor LogArchiver: LogArchive {
    package struct Setting: Sendable {
        package var objects: any ObjectStore
        /// For the catalog, and for segments that were fetched.
        package var folder: FilePath
        /// How long lines are on this disk too.
        package var localAge: Interval
        /// What fetched segments may take on this disk.
        package var cacheBytesMax: Int

        package init(
            objects: any ObjectStore, folder: FilePath, localAge: Interval = .seconds(7 * 86_400),
            cacheBytesMax: Int = 2 << 30
        ) {
            self.objects = objects
            self.folder = folder
            self.localAge = localAge
            self.cacheBytesMax = cacheBytesMax
        }
    }

    /// Where a segment is.
    struct Entry: Codable, Hashable, Sendable {
        var digest: Digest
        var bytes: Int
        /// Nanoseconds since 1970.
        var firstTime: Int64
        var lastTime: Int64
    }

    /// So many files that were asked for last are not removed: whoever asked may not have opened them yet.
    private static let opening = 16

    private let setting: Setting
    private let logger: Logger
    private var catalog: [String: Entry]
    private var doubtful: Set<Digest>
    /// When each file was asked for, by a number that grows.
    private var lastUse: [String: Int] = [:]
    private var uses = 0
    /// Why lines are not archived now; nil if they are.
    package private(set) var problem: Problem?

    package init(_ setting: Setting, logger: Logger) throws(Problem) {
        self.setting = setting
        self.logger = logger
        do throws(FileFault) {
            try Disk().makeFolder(setting.folder.appending("fetched"))
        } catch {
            throw Problem(error.problem("The archive of lines was not opened."))
        }
        catalog = try Self.read(setting.folder)
        // It is written in one piece. Without it some objects stay that nobody needs.
        let notes = try? Data(contentsOf: URL(filePath: Self.notes(setting.folder).string))
        doubtful = notes.flatMap { try? JSONDecoder().decode(Set<Digest>.self, from: $0) } ?? []
    }

    /// Bytes that are in the archive.
    package var bytes: Int { catalog.values.reduce(0) { $0 + $1.bytes } }

    /// Stores what is complete, gives up what is old, and forgets what the store of lines has let go.
    package func keep(_ store: LogStore, at now: Instant) async {
        do throws(Problem) {
            try await settle()
            try await put(store)
            try await giveUp(store, at: now)
            try await forget(store)
            problem = nil
        } catch {
            if problem != error { logger.error("lines were not archived", metadata: ["problem": "\(error)"]) }
            problem = error
        }
    }

    /// Deletes what a crash, or a fault, has left behind.
    private func settle() async throws(Problem) {
        guard !doubtful.isEmpty else { return }
        let needed = Set(catalog.values.map(\.digest))
        for digest in doubtful.subtracting(needed) { try await setting.objects.delete(digest) }
        doubtful = []
        try replace(Self.notes(setting.folder), with: doubtful)
    }

    /// Notes objects before they are stored, or before the catalog forgets them.
    private func doubt(_ digests: some Sequence<Digest>) throws(Problem) {
        doubtful.formUnion(digests)
        try replace(Self.notes(setting.folder), with: doubtful)
    }

    private func put(_ store: LogStore) async throws(Problem) {
        for segment in store.segments where segment.isFinal && !segment.isEvicted && catalog[segment.name] == nil {
            let path = segment.path
            let found: Digest? = try await Blocking.run { () throws(Problem) in
                // It may have been merged into another one meanwhile.
                guard access(path.string, F_OK) == 0 else { return nil }
                var digest = DigestBuilder()
                try OpenFile.reading(path).readAll { digest.update($0) }
                return digest.finish()
            }
            guard let digest = found else { continue }
            try doubt([digest])
            try await setting.objects.put(path, as: digest)
            catalog[segment.name] = Entry(
                digest: digest, bytes: segment.bytes, firstTime: segment.firstTime, lastTime: segment.lastTime)
            try write()
            logger.info(
                "lines are in the archive",
                metadata: ["segment": "\(segment.name)", "bytes": "\(segment.bytes)", "object": "\(digest)"])
        }
    }

    private func giveUp(_ store: LogStore, at now: Instant) async throws(Problem) {
        let limit = (now.milliseconds - setting.localAge.milliseconds) * 1_000_000
        for segment in store.segments where !segment.isEvicted && segment.lastTime < limit {
            // An object that somebody has deleted is no reason to delete the lines here as well.
            guard let entry = catalog[segment.name], try await setting.objects.size(of: entry.digest) != nil else {
                continue
            }
            let name = segment.name
            try await Blocking.run { () throws(Problem) in
                try told { () throws(TelemetryProblem) in try store.evict(name) }
            }
        }
    }

    private func forget(_ store: LogStore) async throws(Problem) {
        let names = Set(store.segments.map(\.name))
        let gone = catalog.filter { !names.contains($0.key) }
        guard !gone.isEmpty else { return }
        try doubt(gone.values.map(\.digest))
        let before = catalog
        for name in gone.keys { catalog[name] = nil }
        do throws(Problem) { try write() } catch {
            catalog = before
            throw error
        }
        try await settle()
    }

    package func fetch(_ segment: String) async throws(TelemetryProblem) -> FilePath {
        guard let entry = catalog[segment] else {
            throw TelemetryProblem(
                "logs.archive-unknown", "Lines were not read.", cause: "The archive has no segment \(segment).",
                remedy: "Bring back `archive.json` of the server's logs from a backup.")
        }
        let path = setting.folder.appending("fetched").appending(segment)
        uses += 1
        lastUse[segment] = uses
        if access(path.string, F_OK) == 0 { return path }
        let incoming = setting.folder.appending("fetched").appending("\(segment).\(uses)")
        do throws(Problem) {
            try await setting.objects.get(entry.digest, to: incoming)
        } catch {
            throw TelemetryProblem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
        guard rename(incoming.string, path.string) == 0 else {
            throw FileFault(.rename, path, Errno(rawValue: errno)).problem("Lines were not read.")
        }
        makeRoom()
        return path
    }

    /// Removes what was asked for longest ago.
    private func makeRoom() {
        let folder = setting.folder.appending("fetched")
        var files: [(name: String, bytes: Int, use: Int)] = []
        for name in (try? Disk().list(folder)) ?? [] {
            let bytes = (try? Disk().open(folder.appending(name)).size()) ?? 0
            files.append((name, bytes, lastUse[name] ?? 0))
        }
        var sum = files.reduce(0) { $0 + $1.bytes }
        for file in files.sorted(by: { $0.use < $1.use }) {
            guard sum > setting.cacheBytesMax, file.use <= uses - Self.opening else { return }
            unlink(folder.appending(file.name).string)
            lastUse[file.name] = nil
            sum -= file.bytes
        }
    }

    private static func place(_ folder: FilePath) -> FilePath { folder.appending("archive.json") }
    private static func notes(_ folder: FilePath) -> FilePath { folder.appending("doubtful.json") }

    private static func read(_ folder: FilePath) throws(Problem) -> [String: Entry] {
        let path = place(folder)
        guard access(path.string, F_OK) == 0 else { return [:] }
        do {
            let bytes = try Data(contentsOf: URL(filePath: path.string))
            return try JSONDecoder().decode([String: Entry].self, from: bytes)
        } catch {
            throw Problem(
                "logs.archive-unreadable", "The archive of lines was not opened.",
                cause: "\(path) cannot be read: \(quotedForMessage("\(error)", lengthMax: 200)).",
                remedy: "Bring it back from a backup; without it, lines that are only in the archive are not found.")
        }
    }

    private func write() throws(Problem) { try replace(Self.place(setting.folder), with: catalog) }

    private func replace(_ path: FilePath, with value: some Encodable) throws(Problem) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let bytes = try? encoder.encode(value) else { return }
        do throws(FileFault) {
            try Disk().replace(path, with: Array(bytes))
        } catch {
            throw Problem(error.problem("What is in the archive of lines was not written down."))
        }
    }
}
