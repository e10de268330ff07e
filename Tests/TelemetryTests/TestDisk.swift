import Synchronization
import SystemPackage

@testable import Telemetry

/// A disk in memory that knows what a loss of power would leave, and fails where a test wants it to.
final class TestDisk: FileSystem {
    /// What happens at an operation that a test chose.
    enum Fault: Sendable {
        /// The operation fails, having done nothing.
        case refuse(Errno)
        /// Writing fails after so many bytes.
        case cut(Errno, after: Int)
        /// The process is gone: after so many bytes, and nothing happens any more.
        case stop(after: Int)
    }

    final class Content: Sendable {
        let bytes = Mutex<[UInt8]>([])
        /// How many of the bytes outlast a loss of power.
        let safe = Mutex<Int>(0)
    }

    struct State {
        var files: [String: Content] = [:]
        /// The names that outlast a loss of power.
        var safe: [String: Content] = [:]
        var folders: Set<String> = []
        var operations: [FileOperation] = []
        var written = 0
        var claims: Set<String> = []
        var isStopped = false
    }

    let state = Mutex(State())
    /// Asked before every operation: its number, kind, path, bytes to be written, bytes written so far.
    let plan: @Sendable (Int, FileOperation, FilePath, Int, Int) -> Fault?

    init(_ plan: @escaping @Sendable (Int, FileOperation, FilePath, Int, Int) -> Fault? = { _, _, _, _, _ in nil }) {
        self.plan = plan
    }

    /// The disk as the next process finds it. After a loss of power only what was synced is there.
    func restarted(
        powerLost: Bool = false,
        _ plan: @escaping @Sendable (Int, FileOperation, FilePath, Int, Int) -> Fault? = { _, _, _, _, _ in nil }
    ) -> TestDisk {
        let next = TestDisk(plan)
        let (files, folders) = state.withLock { state in
            ((powerLost ? state.safe : state.files), state.folders)
        }
        next.state.withLock { state in
            for (path, content) in files {
                let copy = Content()
                let bytes = content.bytes.withLock { $0 }
                let kept = powerLost ? Array(bytes.prefix(content.safe.withLock { $0 })) : bytes
                copy.bytes.withLock { $0 = kept }
                copy.safe.withLock { $0 = kept.count }
                state.files[path] = copy
            }
            state.safe = state.files
            state.folders = folders
        }
        return next
    }

    var operations: [FileOperation] { state.withLock { $0.operations } }
    var written: Int { state.withLock { $0.written } }
    var names: [String] { state.withLock { $0.files.keys.sorted() } }

    func change(_ path: String, _ change: (inout [UInt8]) -> Void) {
        guard let content = state.withLock({ $0.files[path] }) else { return }
        content.bytes.withLock { change(&$0) }
        content.safe.withLock { $0 = content.bytes.withLock { $0.count } }
    }

    /// Returns how many bytes may be written, after which `after` says how it ends.
    func enter(
        _ operation: FileOperation, _ path: FilePath, bytes: Int = 0
    ) throws(FileFault) -> (count: Int, fault: FileFault?) {
        let (number, written, isStopped) = state.withLock { state in
            defer { if !state.isStopped { state.operations.append(operation) } }
            return (state.operations.count, state.written, state.isStopped)
        }
        if isStopped { throw FileFault(operation, path, .ioError) }
        switch plan(number, operation, path, bytes, written) {
        case nil:
            state.withLock { $0.written += bytes }
            return (bytes, nil)
        case .refuse(let reason): throw FileFault(operation, path, reason)
        case .cut(let reason, let count):
            state.withLock { $0.written += count }
            return (count, FileFault(operation, path, reason))
        case .stop(let count):
            state.withLock { $0.isStopped = true }
            if operation != .append { throw FileFault(operation, path, .ioError) }
            return (count, FileFault(operation, path, .ioError))
        }
    }

    private func file(_ path: FilePath, _ operation: FileOperation) throws(FileFault) -> Content {
        guard let content = state.withLock({ $0.files[path.string] }) else {
            throw FileFault(operation, path, .noSuchFileOrDirectory)
        }
        return content
    }

    func makeFolder(_ path: FilePath) throws(FileFault) {
        _ = try enter(.makeFolder, path)
        state.withLock { _ = $0.folders.insert(path.string) }
    }

    func list(_ folder: FilePath) throws(FileFault) -> [String] {
        _ = try enter(.list, folder)
        return state.withLock { state in
            state.files.keys.filter { FilePath($0).removingLastComponent() == folder }
                .compactMap { FilePath($0).lastComponent?.string }.sorted()
        }
    }

    func create(_ path: FilePath) throws(FileFault) -> any StoredFile {
        _ = try enter(.create, path)
        let content = Content()
        state.withLock { $0.files[path.string] = content }
        return TestFile(self, path, content)
    }

    func open(_ path: FilePath) throws(FileFault) -> any StoredFile {
        _ = try enter(.open, path)
        return TestFile(self, path, try file(path, .open))
    }

    func truncate(_ path: FilePath, to size: Int) throws(FileFault) {
        _ = try enter(.truncate, path)
        let content = try file(path, .truncate)
        content.bytes.withLock { $0.removeSubrange(size...) }
        content.safe.withLock { $0 = size }
    }

    func rename(_ path: FilePath, to new: FilePath) throws(FileFault) {
        _ = try enter(.rename, path)
        let content = try file(path, .rename)
        state.withLock { state in
            state.files[path.string] = nil
            state.files[new.string] = content
        }
    }

    func remove(_ path: FilePath) throws(FileFault) {
        _ = try enter(.remove, path)
        state.withLock { $0.files[path.string] = nil }
    }

    func syncFolder(_ path: FilePath) throws(FileFault) {
        _ = try enter(.syncFolder, path)
        state.withLock { state in
            for name in Set(state.files.keys).union(state.safe.keys)
            where FilePath(name).removingLastComponent() == path {
                state.safe[name] = state.files[name]
            }
        }
    }

    func claim(_ path: FilePath) throws(FileFault) -> any Sendable {
        _ = try enter(.claim, path)
        guard state.withLock({ $0.claims.insert(path.string).inserted }) else {
            throw FileFault(.claim, path, .wouldBlock)
        }
        return Claim(self, path.string)
    }

    private final class Claim: Sendable {
        let disk: TestDisk
        let path: String

        init(_ disk: TestDisk, _ path: String) {
            self.disk = disk
            self.path = path
        }

        deinit { disk.state.withLock { _ = $0.claims.remove(path) } }
    }
}

private final class TestFile: StoredFile {
    let disk: TestDisk
    let path: FilePath
    let content: TestDisk.Content

    init(_ disk: TestDisk, _ path: FilePath, _ content: TestDisk.Content) {
        self.disk = disk
        self.path = path
        self.content = content
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileFault) {
        let (count, fault) = try disk.enter(.append, path, bytes: bytes.count)
        let part = Array(bytes.prefix(count))
        content.bytes.withLock { $0.append(contentsOf: part) }
        if let fault { throw fault }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int {
        _ = try disk.enter(.read, path)
        let bytes = content.bytes.withLock { $0 }
        let part = bytes[min(offset, bytes.count)..<min(offset + buffer.count, bytes.count)]
        buffer.copyBytes(from: part)
        return part.count
    }

    func sync() throws(FileFault) {
        _ = try disk.enter(.sync, path)
        let count = content.bytes.withLock { $0.count }
        content.safe.withLock { $0 = count }
    }

    func truncate(to size: Int) throws(FileFault) {
        _ = try disk.enter(.truncate, path)
        content.bytes.withLock { $0.removeSubrange(size...) }
        content.safe.withLock { $0 = min($0, size) }
    }

    func size() throws(FileFault) -> Int {
        _ = try disk.enter(.size, path)
        return content.bytes.withLock { $0.count }
    }
}
