import Synchronization
import SystemPackage
import Telemetry

/// A disk in memory that stops being written to after some bytes, as when a process is killed or the disk is full.
final class SpoolDisk: FileSystem, Sendable {
    enum End: Sendable {
        case never
        /// After so many bytes more nothing happens any more.
        case killed(after: Int)
        /// After so many bytes more there is no room.
        case full(after: Int)
    }

    private struct State {
        var files: [String: Content] = [:]
        var end = End.never
        var isDead = false
    }

    private final class Content: Sendable {
        let bytes: Mutex<[UInt8]>
        init(_ bytes: [UInt8] = []) { self.bytes = Mutex(bytes) }
    }

    private let state = Mutex(State())

    func end(_ end: End) { state.withLock { $0.end = end } }
    var isDead: Bool { state.withLock { $0.isDead } }
    var bytes: Int {
        state.withLock { $0.files.values.reduce(0) { sum, content in sum + content.bytes.withLock { $0.count } } }
    }
    var names: [String] { state.withLock { $0.files.keys.sorted() } }

    /// What the next process finds.
    func restarted() -> SpoolDisk {
        let next = SpoolDisk()
        let files = state.withLock { $0.files.mapValues { content in Content(content.bytes.withLock { $0 }) } }
        next.state.withLock { $0.files = files }
        return next
    }

    func change(_ name: String, _ change: (inout [UInt8]) -> Void) {
        state.withLock { $0.files[name] }?.bytes.withLock { change(&$0) }
    }

    private func alive(_ operation: FileOperation, _ path: FilePath) throws(FileFault) {
        let isDead = state.withLock { state in
            if case .killed(let rest) = state.end, rest <= 0 { state.isDead = true }
            return state.isDead
        }
        if isDead { throw FileFault(operation, path, .ioError) }
    }

    private func room(_ count: Int, _ path: FilePath) throws(FileFault) -> (Int, FileFault?) {
        try alive(.append, path)
        return state.withLock { state in
            switch state.end {
            case .never: return (count, nil)
            case .killed(let rest):
                state.end = .killed(after: rest - count)
                guard rest < count else { return (count, nil) }
                state.isDead = true
                return (rest, FileFault(.append, path, .ioError))
            case .full(let rest):
                let part = min(max(rest, 0), count)
                state.end = .full(after: rest - part)
                return (part, part < count ? FileFault(.append, path, .noSpace) : nil)
            }
        }
    }

    func makeFolder(_ path: FilePath) throws(FileFault) {}
    func list(_ folder: FilePath) throws(FileFault) -> [String] {
        try alive(.list, folder)
        return names.filter { FilePath($0).removingLastComponent() == folder }
            .compactMap { FilePath($0).lastComponent?.string }
    }
    func create(_ path: FilePath) throws(FileFault) -> any StoredFile {
        try alive(.create, path)
        let content = Content()
        state.withLock { $0.files[path.string] = content }
        return File(self, path, content)
    }
    func open(_ path: FilePath) throws(FileFault) -> any StoredFile {
        try alive(.open, path)
        guard let content = state.withLock({ $0.files[path.string] }) else {
            throw FileFault(.open, path, .noSuchFileOrDirectory)
        }
        return File(self, path, content)
    }
    func truncate(_ path: FilePath, to size: Int) throws(FileFault) {
        try alive(.truncate, path)
        change(path.string) { $0.removeSubrange(min(size, $0.count)...) }
    }
    func rename(_ path: FilePath, to new: FilePath) throws(FileFault) {
        try alive(.rename, path)
        state.withLock { $0.files[new.string] = $0.files.removeValue(forKey: path.string) }
    }
    func remove(_ path: FilePath) throws(FileFault) {
        try alive(.remove, path)
        state.withLock { $0.files[path.string] = nil }
    }
    func syncFolder(_ path: FilePath) throws(FileFault) { try alive(.syncFolder, path) }
    func claim(_ path: FilePath) throws(FileFault) -> any Sendable { 0 }

    private final class File: StoredFile {
        let disk: SpoolDisk
        let path: FilePath
        let content: Content

        init(_ disk: SpoolDisk, _ path: FilePath, _ content: Content) {
            self.disk = disk
            self.path = path
            self.content = content
        }

        func append(_ bytes: UnsafeRawBufferPointer) throws(FileFault) {
            let (count, fault) = try disk.room(bytes.count, path)
            let part = Array(bytes.prefix(count))
            content.bytes.withLock { $0 += part }
            if let fault { throw fault }
        }
        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int {
            try disk.alive(.read, path)
            return content.bytes.withLock { bytes in
                bytes.withUnsafeBytes { bytes in
                    let count = max(0, min(buffer.count, bytes.count - offset))
                    if count > 0 {
                        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
                    }
                    return count
                }
            }
        }
        func sync() throws(FileFault) { try disk.alive(.sync, path) }
        func truncate(to size: Int) throws(FileFault) {
            try disk.alive(.truncate, path)
            content.bytes.withLock { $0.removeSubrange(min(size, $0.count)...) }
        }
        func size() throws(FileFault) -> Int { content.bytes.withLock { $0.count } }
    }
}
