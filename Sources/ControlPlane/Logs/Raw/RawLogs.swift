package import Core
import FoundationEssentials
import Glibc
package import Logging
package import Logs
package import Packages
package import SystemPackage
import Telemetry

/// Keeps lines as hosts sent them, beside the store that searches: text files of each stream that git names, packed
/// into a store of objects, with an index of what is where.
///
/// A file ends when it is large, old, or when nothing has come for a while: its host has stopped, or is gone. Then it
/// waits on this disk until it is stored. What is there is in `index.jsonl`, an object a line.
package actor RawLogs {
    package struct Setting: Sendable {
        package var objects: any ObjectStore
        package var folder: FilePath
        /// A file of so many bytes ends.
        package var partBytesMax: Int64 = 16 << 20
        package var partAge = Interval.minutes(60)
        package var quiet = Interval.minutes(5)
        /// What may wait on this disk. Beyond it the oldest files go, and are counted.
        package var waitingBytesMax: Int64 = 4 << 30

        package init(objects: any ObjectStore, folder: FilePath) {
            self.objects = objects
            self.folder = folder
        }
    }

    private let setting: Setting
    private let logger: Logger
    private var open: [LogStream: RawLogPart] = [:]
    /// Ended, the oldest first.
    private var ended: [RawLogPart] = []
    private var next: UInt64 = 1
    package private(set) var index: [RawLogObject]
    /// Bytes of lines that could not be kept.
    package private(set) var lostBytes: Int64 = 0
    /// Why nothing is stored now; nil if it is.
    package private(set) var problem: Problem?
    private var hasToldWrites = false

    /// What an earlier server left open has ended.
    package init(_ setting: Setting, logger: Logger) throws(Problem) {
        self.setting = setting
        self.logger = logger
        do throws(FileFault) {
            try Disk().makeFolder(setting.folder.appending("waiting"))
        } catch {
            throw Problem(error.problem("Raw logs are not kept."))
        }
        index = try Self.readIndex(setting.folder)
        ended = Self.left(in: setting.folder.appending("waiting"))
        next = (ended.last?.number ?? 0) + 1
    }

    /// Bytes on this disk that are not stored yet.
    package var waitingBytes: Int64 { (ended + open.values).reduce(0) { $0 + $1.bytes } }

    /// For the server's figures.
    var figures: [(name: String, value: Double)] {
        [
            ("logs.raw.objects", Double(index.count)), ("logs.raw.waiting-bytes", Double(waitingBytes)),
            ("logs.raw.lost-bytes", Double(lostBytes)),
        ]
    }

    // MARK: What comes

    /// Writes lines down, of streams that a rule is for. They are not synced: after a loss of power the last of them
    /// are only in the store of lines.
    package func append(_ batch: LogBatch, rules: [LogRetentionSpec], at now: Instant) {
        let isWanted = batch.streams.map { stream in rules.contains { $0.isFor(stream) } }
        guard isWanted.contains(true) else { return }
        var texts: [Int: (bytes: [UInt8], first: Int64, last: Int64)] = [:]
        for line in batch.lines where isWanted[Int(line.stream)] {
            var text = texts.removeValue(forKey: Int(line.stream)) ?? ([], line.time, line.time)
            batch.withBytes(of: line.message) { text.bytes.append(contentsOf: $0) }
            text.bytes.append(0x0A)
            text.first = min(text.first, line.time)
            text.last = max(text.last, line.time)
            texts[Int(line.stream)] = text
        }
        for (stream, text) in texts {
            do throws(Problem) {
                try append(text.bytes, from: text.first, to: text.last, of: batch.streams[stream], at: now)
                hasToldWrites = false
            } catch {
                lostBytes += Int64(text.bytes.count)
                if !hasToldWrites { logger.error("raw lines were lost", metadata: ["problem": "\(error)"]) }
                hasToldWrites = true
            }
        }
    }

    private func append(
        _ bytes: [UInt8], from first: Int64, to last: Int64, of stream: LogStream, at now: Instant
    ) throws(Problem) {
        var part: RawLogPart
        if let known = open[stream] {
            part = known
        } else {
            let labels = Dictionary(uniqueKeysWithValues: stream.labels.map { ($0.name, $0.value) })
            part = RawLogPart(
                number: next, labels: labels, firstTime: first, lastTime: last, opened: now, written: now)
            next += 1
            try note(part)
        }
        do {
            let file = try FileDescriptor.open(
                path(part, "text"), .writeOnly, options: [.create, .append, .closeOnExec],
                permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            throw FileFault(.append, path(part, "text"), error as? Errno ?? .ioError).asProblem
        }
        part.firstTime = min(part.firstTime, first)
        part.lastTime = max(part.lastTime, last)
        part.bytes += Int64(bytes.count)
        part.written = now
        open[stream] = part
        if part.bytes >= setting.partBytesMax { end(stream) }
    }

    private func end(_ stream: LogStream) {
        guard let part = open.removeValue(forKey: stream) else { return }
        // Its times are for the index; without this, those of the file are.
        try? note(part)
        ended.append(part)
    }

    // MARK: What is stored

    /// Ends what has to end, stores it, and deletes what is older than git wants.
    package func keep(rules: [LogRetentionSpec], at now: Instant) async {
        for (stream, part) in open {
            let isOver = now.milliseconds - part.opened.milliseconds >= setting.partAge.milliseconds
            let isQuiet = now.milliseconds - part.written.milliseconds >= setting.quiet.milliseconds
            if isOver || isQuiet { end(stream) }
        }
        do throws(Problem) {
            while let part = ended.first { try await store(part) }
            try await forget(rules, at: now)
            problem = nil
        } catch {
            if problem != error { logger.error("raw logs were not stored", metadata: ["problem": "\(error)"]) }
            problem = error
        }
        makeRoom()
    }

    private func store(_ part: RawLogPart) async throws(Problem) {
        let (text, packed) = (path(part, "text"), path(part, "zst"))
        let made = try await Blocking.run { () throws(Problem) in
            unlink(packed.string)
            return access(text.string, F_OK) == 0 ? try PackedFile.pack(text, to: packed) : nil
        }
        if let made, made.bytes > 0 {
            try await setting.objects.put(packed, as: made.digest)
            let object = RawLogObject(
                key: made.digest, labels: part.labels, firstTime: part.firstTime, lastTime: part.lastTime,
                lines: made.newlines, bytes: made.bytes, packedBytes: made.packedBytes)
            // A server that was killed behind this line comes here again.
            if !index.contains(object) {
                try write(index + [object])
                index.append(object)
            }
            logger.info("raw logs are stored", metadata: ["name": "\(object.name)", "object": "\(made.digest)"])
        }
        remove(part)
    }

    private func remove(_ part: RawLogPart) {
        ended.removeAll { $0.number == part.number }
        for kind in ["zst", "text", "json"] { unlink(path(part, kind).string) }
    }

    private func makeRoom() {
        while waitingBytes > setting.waitingBytesMax, let part = ended.first {
            lostBytes += part.bytes
            logger.error(
                "raw lines were lost", metadata: ["bytes": "\(part.bytes)", "cause": "too much waits to be stored"])
            remove(part)
        }
    }

    /// The first rule that is for a stream says how long it is kept; without one it stays.
    private func forget(_ rules: [LogRetentionSpec], at now: Instant) async throws(Problem) {
        let isOld: (RawLogObject) -> Bool = { object in
            let rule = rules.first { rule in rule.labels.allSatisfy { object.labels[$0.key] == $0.value } }
            guard let age = rule?.age else { return false }
            return object.lastTime < (now.milliseconds - age.milliseconds) * 1_000_000
        }
        let (old, rest) = (index.filter(isOld), index.filter { !isOld($0) })
        guard !old.isEmpty else { return }
        // The index last: an object that is gone and known is asked for once more, and one that nobody knows never.
        let needed = Set(rest.map(\.key))
        for object in old where !needed.contains(object.key) { try await setting.objects.delete(object.key) }
        try write(rest)
        index = rest
    }

    // MARK: What is asked for

    /// The text of an object.
    /// - Parameter key: its SHA-256 in hexadecimal, or the beginning of it.
    package func text(_ key: String) async throws(Problem) -> [UInt8] {
        let found = index.filter { $0.key.hex.hasPrefix(key.lowercased()) }
        guard key.utf8.count >= 8, let object = found.first, Set(found.map(\.key)).count == 1 else {
            throw Problem(
                "logs.raw-unknown", "There are no such raw logs.",
                cause: "\(quotedForMessage(key, lengthMax: 80)) is the beginning of no key, or of several.",
                remedy: "See `apus logs raw`, and give 8 digits of a key at least.")
        }
        next += 1
        let path = setting.folder.appending("fetched-\(next)")
        defer { unlink(path.string) }
        try await setting.objects.get(object.key, to: path)
        let bytes = Int(object.bytes)
        return try await Blocking.run { () throws(Problem) in try PackedFile.unpack(path, bytes: bytes) }
    }

    // MARK: Files

    private func path(_ part: RawLogPart, _ kind: String) -> FilePath {
        setting.folder.appending("waiting").appending("\(part.number).\(kind)")
    }

    private func note(_ part: RawLogPart) throws(Problem) {
        guard let bytes = try? JSONEncoder().encode(part) else { return }
        do throws(FileFault) {
            try Disk().replace(path(part, "json"), with: Array(bytes))
        } catch {
            throw error.asProblem
        }
    }

    private func write(_ index: [RawLogObject]) throws(Problem) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes: [UInt8] = []
        for object in index {
            guard let line = try? encoder.encode(object) else { continue }
            bytes += line
            bytes.append(0x0A)
        }
        do throws(FileFault) {
            try Disk().replace(Self.indexPath(setting.folder), with: bytes)
        } catch {
            throw error.asProblem
        }
    }

    private static func indexPath(_ folder: FilePath) -> FilePath { folder.appending("index.jsonl") }

    private static func readIndex(_ folder: FilePath) throws(Problem) -> [RawLogObject] {
        let path = indexPath(folder)
        guard access(path.string, F_OK) == 0 else { return [] }
        do {
            let bytes = try Data(contentsOf: URL(filePath: path.string))
            return try bytes.split(separator: 0x0A).map { try JSONDecoder().decode(RawLogObject.self, from: $0) }
        } catch {
            throw Problem(
                "logs.raw-unreadable", "The index of raw logs was not read.",
                cause: "\(path) cannot be read: \(quotedForMessage("\(error)", lengthMax: 200)).",
                remedy: "Bring it back from a backup; without it nobody knows what the objects are.")
        }
    }

    /// What an earlier server was writing, or had not stored. Of what it was writing, the times are the file's.
    private static func left(in folder: FilePath) -> [RawLogPart] {
        let names = (try? Disk().list(folder)) ?? []
        let parts = names.filter { $0.hasSuffix(".json") }.compactMap { name -> RawLogPart? in
            guard let bytes = try? Data(contentsOf: URL(filePath: folder.appending(name).string)),
                var part = try? JSONDecoder().decode(RawLogPart.self, from: bytes)
            else { return nil }
            var found = stat()
            guard stat(folder.appending("\(part.number).text").string, &found) == 0 else { return part }
            part.bytes = Int64(found.st_size)
            part.lastTime = max(part.lastTime, Int64(found.st_mtim.tv_sec) * 1_000_000_000)
            return part
        }
        return parts.sorted { $0.number < $1.number }
    }
}

extension LogRetentionSpec {
    fileprivate func isFor(_ stream: LogStream) -> Bool { labels.allSatisfy { stream[$0.key] == $0.value } }
}

extension FileFault {
    fileprivate var asProblem: Problem { Problem(problem("Raw logs were not written.")) }
}
