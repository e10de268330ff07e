import Synchronization
import SystemPackage

/// An append-only log of records in numbered segments, for what must not be lost before it has its final
/// place. Bytes: docs/formats/series.md.
///
/// A record is known to outlast a loss of power when `sync(through:)` returned for its position. Many
/// writers share one sync: whoever waits while another syncs is covered by it, or by the next.
package final class WriteAheadLog: Sendable {
    /// Bytes written before the end of a record, over all segments.
    package typealias Position = UInt64

    let folder: FilePath
    let files: any FileSystem
    private let segmentBytesMax: Int
    // Never taken inside each other but in this order.
    private let syncing: Mutex<Position>
    private let writing: Mutex<Writing>

    /// Goes on after what `WriteAheadLog.open` found, in a new segment.
    init(_ folder: FilePath, on files: any FileSystem, next: UInt64, segmentBytesMax: Int) throws(FileFault) {
        self.folder = folder
        self.files = files
        self.segmentBytesMax = segmentBytesMax
        syncing = Mutex(0)
        writing = Mutex(Writing(current: try LogSegment.create(next, in: folder, on: files)))
    }

    /// Writes one record. Throws having written nothing of it, or nothing that a replay would see.
    ///
    /// After a fault that leaves doubt about the disk, everything throws until `cut()` has begun a new
    /// segment and `remove(before:)` has said that what came before is safe elsewhere.
    package func append(_ payload: ArraySlice<UInt8>) throws(FileFault) -> Position {
        try writing.withLock { writing throws(FileFault) in
            if let fault = writing.fault { throw fault }
            if writing.current.size >= segmentBytesMax { try cut(&writing) }
            try writing.append(payload)
            return writing.position
        }
    }

    /// The position behind everything appended so far.
    package var end: Position { writing.withLock { $0.position } }

    /// Bytes in all segments that are kept.
    package var bytes: Int { writing.withLock { $0.closed.reduce($0.current.size) { $0 + $1.size } } }

    /// Returns when everything up to `position` outlasts a loss of power.
    package func sync(through position: Position) throws(FileFault) {
        try syncing.withLock { synced throws(FileFault) in
            if synced >= position { return }
            let (unsynced, end, fault) = writing.withLock { ($0.unsynced, $0.position, $0.doubt) }
            if let fault { throw fault }
            do throws(FileFault) {
                for segment in unsynced { try segment.file.sync() }
            } catch {
                // What a failed sync left on the disk is unknown, and asking again would not tell.
                writing.withLock { $0.doubtAll(error) }
                throw error
            }
            writing.withLock { $0.markSynced(unsynced) }
            synced = end
        }
    }

    /// Begins a new segment; returns its number. What is appended from now on is in it or after it.
    package func cut() throws(FileFault) -> UInt64 {
        try writing.withLock { writing throws(FileFault) in
            try cut(&writing)
            return writing.current.number
        }
    }

    /// Removes the segments before `number`: whoever calls this has made what they hold safe elsewhere,
    /// so it counts as synced.
    package func remove(before number: UInt64) throws(FileFault) {
        let (removed, safe) = writing.withLock { writing in
            let removed = writing.closed.filter { $0.number < number }
            writing.closed.removeAll { $0.number < number }
            if let first = writing.closed.first ?? writing.current as LogSegment?, writing.doubtEnd <= first.start {
                writing.settle()
            }
            return (removed, writing.closed.first?.start ?? writing.current.start)
        }
        syncing.withLock { $0 = max($0, safe) }
        for segment in removed { try files.remove(LogSegment.path(segment.number, in: folder)) }
        let names = try files.list(folder)
        for name in names where LogSegment.number(ofAny: name).map({ $0 < number }) ?? false {
            try files.remove(folder.appending(name))
        }
    }

    private func cut(_ writing: inout Writing) throws(FileFault) {
        let next = try LogSegment.create(
            writing.current.number + 1, in: folder, on: files, start: writing.position)
        writing.closed.append(writing.current)
        writing.current = next
        writing.fault = nil
    }
}

/// What appending changes.
private struct Writing {
    var current: LogSegment
    /// Full segments, oldest first.
    var closed: [LogSegment] = []
    var position: UInt64 = 0
    /// Why nothing can be appended to the current segment.
    var fault: FileFault?
    /// Why nothing before `doubtEnd` can be said to be safe.
    var doubt: FileFault?
    var doubtEnd: UInt64 = 0
    private var buffer: [UInt8] = []

    init(current: LogSegment) { self.current = current }

    var unsynced: [LogSegment] { (closed + [current]).filter { $0.size > $0.synced } }

    mutating func append(_ payload: ArraySlice<UInt8>) throws(FileFault) {
        buffer.removeAll(keepingCapacity: true)
        payload.withUnsafeBytes { LogSegment.frame($0, into: &buffer) }
        do throws(FileFault) {
            try current.file.append(buffer)
        } catch {
            do throws(FileFault) { try current.file.truncate(to: current.size) } catch { doubtAll(error) }
            throw error
        }
        current.size += buffer.count
        position += UInt64(buffer.count)
    }

    mutating func doubtAll(_ fault: FileFault) {
        self.fault = fault
        doubt = fault
        doubtEnd = position
    }

    mutating func settle() {
        doubt = nil
        doubtEnd = 0
    }

    mutating func markSynced(_ segments: [LogSegment]) {
        for segment in segments {
            if segment.number == current.number {
                current.synced = segment.size
            } else if let index = closed.firstIndex(where: { $0.number == segment.number }) {
                closed[index].synced = segment.size
            }
        }
    }
}
