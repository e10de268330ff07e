import SystemPackage
import Telemetry

/// A disk on which a store has the segments of one day again and again, a day later each time. They take the room of
/// one day; all else is on the disk of this machine.
struct RepeatedDisk: FileSystem {
    private let disk = Disk()
    private let segments: [RepeatedSegment]
    private let days: Int

    /// Makes a store in a folder.
    /// - Parameter day: the store of the day.
    init(_ folder: FilePath, day: FilePath, days: Int) throws {
        let here = day.appending("segments")
        segments = try disk.list(here).compactMap { try RepeatedSegment(here.appending($0)) }
        self.days = days
        var payload: [UInt8] = [1]
        payload.append(varint: 1)
        payload.append(varint: days * segments.count + 1)
        payload.append(varint: days * segments.count)
        for number in 0..<days * segments.count {
            payload.append(varint: number + 1)
            payload.append(varint: segments[number % segments.count].bytes)
            payload.append(varint: 0)
        }
        payload.append(varint: 0)
        var manifest = Array("apuslgm1".utf8)
        manifest.append(fixed: Checksum.of(payload))
        try disk.makeFolder(folder.appending("log"))
        let log = try disk.create(folder.appending("log").appending("0000000000000001.log"))
        try log.sync()
        try disk.replace(folder.appending("manifest"), with: manifest + payload)
    }

    func open(_ path: FilePath) throws(FileFault) -> any StoredFile {
        guard path.extension == "lines", let number = path.stem.flatMap({ Int($0, radix: 16) }) else {
            return try disk.open(path)
        }
        return RepeatedFile(segments[(number - 1) % segments.count], days: (number - 1) / segments.count)
    }

    func makeFolder(_ path: FilePath) throws(FileFault) { try disk.makeFolder(path) }
    func list(_ folder: FilePath) throws(FileFault) -> [String] { try disk.list(folder) }
    func create(_ path: FilePath) throws(FileFault) -> any StoredFile { try disk.create(path) }
    func truncate(_ path: FilePath, to size: Int) throws(FileFault) { try disk.truncate(path, to: size) }
    func rename(_ path: FilePath, to new: FilePath) throws(FileFault) { try disk.rename(path, to: new) }
    func remove(_ path: FilePath) throws(FileFault) { try disk.remove(path) }
    func syncFolder(_ path: FilePath) throws(FileFault) { try disk.syncFolder(path) }
    func claim(_ path: FilePath) throws(FileFault) -> any Sendable { try disk.claim(path) }
}

/// Only read.
final class RepeatedFile: StoredFile {
    private let segment: RepeatedSegment
    private let days: Int

    init(_ segment: RepeatedSegment, days: Int) {
        self.segment = segment
        self.days = days
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int {
        try segment.read(into: buffer, at: offset, days: days)
    }

    func size() throws(FileFault) -> Int { segment.bytes }
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileFault) { throw FileFault(.append, "", .readOnlyFileSystem) }
    func sync() throws(FileFault) {}
    func truncate(to size: Int) throws(FileFault) { throw FileFault(.truncate, "", .readOnlyFileSystem) }
}
