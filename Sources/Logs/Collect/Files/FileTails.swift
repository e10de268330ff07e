/// The files of a host that are read: finds them, and knows them again after they were renamed, copied, emptied or
/// replaced.
///
/// A file is known by its number on its device and by marks: sums over its first bytes and over the bytes before some
/// positions up to which it was read. So:
///
/// - Renamed, it is read on; what takes its name is another file.
/// - Deleted, it is read to its end and forgotten. A file that gets its number later has other marks.
/// - Emptied, it is smaller than what was read, or, if it has grown again meanwhile, the bytes before the position are
///   others: it is read from its start.
/// - Its copy (`copytruncate`) has its marks and a longer name. While the original is read, nothing is read from the
///   copy; when the original is emptied, what was not read of it is read from the copy.
final class FileTails {
    static let openMax = 256
    private static let idleMax: Int64 = 300_000_000_000
    private static let keptSeconds: Int64 = 86_400
    private static let keptMax = 4096

    private(set) var tails: [FileTail] = []
    /// Bytes that were emptied or deleted before they were read.
    private(set) var lostBytes = 0
    /// Files that are left alone because they are compressed.
    var compressedFiles: Int { compressed.count }

    private let sources: [LogFileSource]
    private let files: any LogFiles
    private var byKey: [LogFileKey: FileTail] = [:]
    /// Places of files that are not there now.
    private var absent: [LogFileKey: FilePlace] = [:]
    private var forgotten: Set<LogFileKey> = []
    /// By number, with the path where that was seen.
    private var compressed: [LogFileKey: String] = [:]
    /// Files that were where they had been before when it was last looked.
    private var kept: Set<LogFileKey> = []

    init(_ sources: [LogFileSource], on files: any LogFiles, places: [FilePlace]) {
        self.sources = sources
        self.files = files
        for place in places { absent[place.key] = place }
    }

    private struct Found {
        var path: String
        var source: Int
        var status: LogFileStatus
    }

    /// Looks for files that have come, moved or gone.
    func discover(now: Int64) {
        let found = look()
        for tail in tails { tail.isListed = found[tail.place.key] != nil }
        kept = []
        var replaced: [FileTail] = []
        var new: [Found] = []
        for one in found.values.sorted(by: { $0.path < $1.path }) {
            let key = one.status.key
            if let tail = byKey[key] {
                if tail.place.path == one.path {
                    kept.insert(key)
                } else {
                    tail.place.path = one.path
                    tail.isChanged = true
                }
                if !tail.isOpen, tail.differs(one.status), let file = files.open(one.path), file.status()?.key == key,
                    !tail.attach(file)
                {
                    replaced.append(tail)
                }
            } else if let place = absent[key] {
                guard let file = files.open(one.path), file.status()?.key == key else { continue }
                absent[key] = nil
                if place.path == one.path { kept.insert(key) }
                let tail = add(place, one, now)
                if !tail.attach(file) { replaced.append(tail) }
            } else if compressed[key] != one.path {
                new.append(one)
            }
        }
        for one in new { begin(one, now) }
        checkNew()
        for tail in replaced { self.replaced(tail) }
        checkNew()
        compressed = compressed.filter { found[$0.key] != nil }
        release(now)
        prune(now)
    }

    private func look() -> [LogFileKey: Found] {
        var found: [LogFileKey: Found] = [:]
        for (index, source) in sources.enumerated() {
            for pattern in source.patterns {
                for path in pattern.paths(on: files) {
                    guard let status = files.status(path), status.isRegular, found[status.key] == nil else { continue }
                    found[status.key] = Found(path: path, source: index, status: status)
                }
            }
        }
        return found
    }

    private func add(_ place: FilePlace, _ found: Found, _ now: Int64) -> FileTail {
        var place = place
        place.path = found.path
        place.seen = now / 1_000_000_000
        let tail = FileTail(place, source: found.source, form: sources[found.source].form, now: now)
        tails.append(tail)
        byKey[place.key] = tail
        return tail
    }

    /// Takes a file that was not known. One that is empty is left until there is something to know it by.
    private func begin(_ found: Found, _ now: Int64) {
        guard let file = files.open(found.path), let status = file.status(), status.key == found.status.key,
            status.size > 0
        else { return }
        _ = add(FilePlace(key: status.key, path: found.path), found, now).attach(file)
    }

    /// Finds out of files that begin whether they are copies of others, and leaves those alone that are compressed.
    private func checkNew() {
        for tail in tails where tail.needsCheck {
            let candidates = tails.filter {
                $0 !== tail && kept.contains($0.place.key) && Self.isCopyName(tail.place.path, of: $0.place.path)
            }
            guard let copy = tail.isCopy(of: candidates) else { continue }
            if Self.isCompressed(tail.start) {
                compressed[tail.place.key] = tail.place.path
                drop(tail)
                forgotten.insert(tail.place.key)
            } else {
                tail.isBegun(as: copy)
            }
        }
    }

    /// Whether a path is one that rotation gives to a copy: `shop.log.1`, `shop.log-20261121`, `shop-20261121.log`.
    static func isCopyName(_ path: String, of original: String) -> Bool {
        let name = path.utf8.suffix(while: { $0 != UInt8(ascii: "/") })
        let old = original.utf8.suffix(while: { $0 != UInt8(ascii: "/") })
        let stem = old.lastIndex(of: UInt8(ascii: ".")).map { old[..<$0] } ?? old
        return name.count > old.count && name.starts(with: stem)
    }

    /// The first bytes of gzip, zstd, xz, bzip2 and zip.
    private static func isCompressed(_ start: [UInt8]) -> Bool {
        let magics: [[UInt8]] = [
            [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x42, 0x5A, 0x68],
            [0x50, 0x4B, 3, 4],
        ]
        return magics.contains { start.starts(with: $0) }
    }

    // MARK: What happened to a file

    /// A file is not what it was. Its copies go on from where it was read to; it begins anew.
    func replaced(_ tail: FileTail) {
        // A change of the number's owner while the file was held is none: the file that is held keeps its number.
        if !passOn(tail) { lostBytes += tail.unread }
        tail.reset()
    }

    /// Tells the copies of a file that it is gone. Returns whether there is one.
    private func passOn(_ tail: FileTail) -> Bool {
        let copies = tails.filter { $0.place.original == tail.place.key }
        let mark = tail.export().tail
        tail.isChanged = true
        for copy in copies { copy.isCopied(until: mark) }
        return !copies.isEmpty
    }

    /// Lets go of copies that have turned out to be none.
    func checkCopies() {
        checkNew()
        for tail in tails {
            guard let key = tail.place.original else { continue }
            if let original = byKey[key] {
                if !tail.resembles(original) { tail.isApart() }
            } else if let place = absent[key] {
                tail.isCopied(until: place.tail)
            } else {
                tail.isApart()
            }
        }
    }

    /// A deleted file was read to its end.
    func remove(_ tail: FileTail) {
        _ = passOn(tail)
        drop(tail)
        forgotten.insert(tail.place.key)
    }

    private func drop(_ tail: FileTail) {
        tails.removeAll { $0 === tail }
        byKey[tail.place.key] = nil
    }

    /// Closes files in which nothing happens, and those that are not asked for any more.
    private func release(_ now: Int64) {
        var open = tails.filter(\.isOpen).count
        for tail in tails.sorted(by: { $0.changed < $1.changed }) where tail.isOpen && tail.unread == 0 {
            let isIdle = now - tail.changed > Self.idleMax
            guard isIdle || (open > Self.openMax && now - tail.changed > FileTail.lineWait), tail.place.original == nil
            else { continue }
            tail.detach()
            open -= 1
        }
        for tail in tails where !tail.isListed && !tail.isOpen && !tail.isChanged {
            absent[tail.place.key] = tail.place
            _ = passOn(tail)
            drop(tail)
        }
    }

    /// Forgets places of files that have not been there for a day.
    private func prune(_ now: Int64) {
        let seconds = now / 1_000_000_000
        var old = absent.values.filter { seconds - $0.seen > Self.keptSeconds }
        if absent.count - old.count > Self.keptMax {
            old = Array(absent.values.sorted { $0.seen < $1.seen }.prefix(absent.count - Self.keptMax))
        }
        for place in old {
            absent[place.key] = nil
            forgotten.insert(place.key)
        }
    }

    // MARK: Places

    /// What the spool has to learn: places that have changed, and files that are forgotten.
    func exportChanges(now: Int64) -> (places: [FilePlace], forgotten: [LogFileKey]) {
        var places: [FilePlace] = []
        for tail in tails where tail.isChanged {
            tail.place.seen = now / 1_000_000_000
            places.append(tail.export())
        }
        let gone = forgotten.filter { byKey[$0] == nil }
        forgotten = []
        return (places, Array(gone))
    }

    var hasChanges: Bool { !forgotten.isEmpty || tails.contains(where: \.isChanged) }
}

extension BidirectionalCollection {
    /// The longest suffix whose elements all satisfy a condition.
    fileprivate func suffix(while isTaken: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, isTaken(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
