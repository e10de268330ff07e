package import SystemPackage

/// What storage asks of a disk. Every operation has a label, so that tests can make the n-th write, sync
/// or rename fail, or stop everything in the middle of one as a lost process does.
package protocol FileSystem: Sendable {
    /// Makes a folder and those above it. One that is there is left as it is.
    func makeFolder(_ path: FilePath) throws(FileFault)
    /// The names in a folder, in order.
    func list(_ folder: FilePath) throws(FileFault) -> [String]
    /// A new, empty file to append to. One that is there is emptied.
    func create(_ path: FilePath) throws(FileFault) -> any StoredFile
    /// A file that is there, to read.
    func open(_ path: FilePath) throws(FileFault) -> any StoredFile
    /// Cuts a file that is there, and syncs it.
    func truncate(_ path: FilePath, to size: Int) throws(FileFault)
    /// Replaces what has the new name.
    func rename(_ path: FilePath, to new: FilePath) throws(FileFault)
    /// Removes a file. One that is not there is no fault.
    func remove(_ path: FilePath) throws(FileFault)
    /// Makes what was created, renamed and removed in a folder outlast a loss of power.
    func syncFolder(_ path: FilePath) throws(FileFault)
    /// Holds a file for this process as long as what is returned lives; EWOULDBLOCK if another has it.
    func claim(_ path: FilePath) throws(FileFault) -> any Sendable
}

/// An open file. It is closed when nobody holds it.
package protocol StoredFile: AnyObject, Sendable {
    /// Writes all of the bytes at the end, or throws after having written some of them.
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileFault)
    /// Fills the buffer from `offset` on. Returns how many bytes there were before the file's end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int
    /// Makes the content outlast a loss of power.
    func sync() throws(FileFault)
    /// Cuts off what is behind `size`; what is appended next goes there.
    func truncate(to size: Int) throws(FileFault)
    /// Bytes in the file.
    func size() throws(FileFault) -> Int
}

/// The kinds of operations on files, as faults name them.
package enum FileOperation: String, CaseIterable, Hashable, Sendable {
    case makeFolder, list, create, open, truncate, rename, remove, syncFolder, claim, append, read, sync, size
}

/// An operation that the system refused.
package struct FileFault: Error, Hashable, Sendable {
    package var operation: FileOperation
    package var path: FilePath
    package var reason: Errno

    package init(_ operation: FileOperation, _ path: FilePath, _ reason: Errno) {
        self.operation = operation
        self.path = path
        self.reason = reason
    }

    /// As a problem of the storage that asked: `what` is the sentence of what did not happen.
    package func problem(_ sentence: String) -> TelemetryProblem {
        TelemetryProblem(
            "storage.failed", sentence, cause: "\(operation.rawValue) of \(path) failed: \(reason).",
            remedy: reason == .noSpace
                ? "Make room on the disk; what was acknowledged is kept, and writing goes on by itself."
                : "Look at the disk and at the folder's owner; what was acknowledged is kept.")
    }
}

extension StoredFile {
    package func append(_ bytes: [UInt8]) throws(FileFault) {
        var fault: FileFault?
        bytes.withUnsafeBytes { raw in
            do throws(FileFault) { try append(raw) } catch { fault = error }
        }
        if let fault { throw fault }
    }

    /// Up to `count` bytes from `offset` on: fewer if the file ends before.
    package func read(_ count: Int, at offset: Int) throws(FileFault) -> [UInt8] {
        var fault: FileFault?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileFault) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        return bytes
    }
}

extension FileSystem {
    /// Replaces a file as one step: after a loss of power at any moment there is the old or the new one, whole.
    package func replace(_ path: FilePath, with bytes: [UInt8]) throws(FileFault) {
        let new = FilePath(path.string + ".new")
        let file = try create(new)
        try file.append(bytes)
        try file.sync()
        try rename(new, to: path)
        try syncFolder(path.removingLastComponent())
    }

    /// The whole content of a file.
    package func contents(_ path: FilePath) throws(FileFault) -> [UInt8] {
        let file = try open(path)
        return try file.read(try file.size(), at: 0)
    }
}
