import Core
import Dispatch
import Synchronization

/// Writes a package's small files on other threads than the one that reads the archive: to make a
/// file takes the kernel longer than it takes us to unpack its bytes.
///
/// Memory and open folders are bounded: the reader waits while enough is under way.
final class FileWriter {
    /// A larger file is for the reader to write, chunk by chunk.
    static let fileBytesMax: Int64 = 128 << 10
    private static let batchBytes = 512 << 10
    private static let batchFiles = 64
    private static let batchesMax = 3

    private struct Entry: Sendable {
        var folder: Folder
        var name: String
        var isExecutable: Bool
        var range: Range<Int>
    }

    private struct Batch: Sendable {
        var entries: [Entry] = []
        var bytes: [UInt8] = []

        func write() throws(Problem) {
            try bytes.withRawBytes { (bytes) throws(Problem) in
                for entry in entries {
                    let file = try entry.folder.makeFile(entry.name, isExecutable: entry.isExecutable)
                    try file.write(UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
                }
            }
        }
    }

    private final class Fault: Sendable { let first = Mutex<Problem?>(nil) }

    private let threads = DispatchQueue(label: "apus.unpack", attributes: .concurrent)
    private let underWay = DispatchGroup()
    private let room = DispatchSemaphore(value: batchesMax)
    private let fault = Fault()
    private var batch = Batch()

    /// - Parameter read: appends the file's contents.
    /// - Throws: also what went wrong with a file before.
    func add(
        _ name: String, in folder: Folder, isExecutable: Bool, _ read: (inout [UInt8]) throws(Problem) -> Void
    ) throws(Problem) {
        let start = batch.bytes.count
        try read(&batch.bytes)
        batch.entries.append(
            Entry(folder: folder, name: name, isExecutable: isExecutable, range: start..<batch.bytes.count))
        if batch.entries.count >= Self.batchFiles || batch.bytes.count >= Self.batchBytes { try submit() }
    }

    /// Returns when every file is written.
    func finish() throws(Problem) {
        try submit()
        wait()
        try check()
    }

    /// Returns when nothing is being written any more. Whoever gives up calls this before the
    /// folders are removed.
    func wait() { underWay.wait() }

    private func submit() throws(Problem) {
        try check()
        guard !batch.entries.isEmpty else { return }
        room.wait()
        threads.async(group: underWay) { [batch, fault, room] in
            defer { room.signal() }
            do throws(Problem) { try batch.write() } catch {
                fault.first.withLock { $0 = $0 ?? error }
            }
        }
        batch = Batch()
        batch.bytes.reserveCapacity(Self.batchBytes + Int(Self.fileBytesMax))
    }

    private func check() throws(Problem) {
        if let problem = fault.first.withLock({ $0 }) { throw problem }
    }
}
