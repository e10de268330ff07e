/// What reading files asks of a file system. Tests have one in memory whose files are rotated and whose readers are
/// lost at any moment.
package protocol LogFiles: Sendable {
    /// The names in a folder, in order; none if it cannot be read.
    func list(_ folder: String) -> [String]
    /// What is at a path now, links followed; nil: nothing, or nothing that may be looked at.
    func status(_ path: String) -> LogFileStatus?
    /// A regular file, to be read.
    func open(_ path: String) -> (any LogFile)?
}

/// An open file: the same one, whatever its name is now. It is closed when nobody holds it.
package protocol LogFile: AnyObject {
    func status() -> LogFileStatus?
    /// Fills the buffer from `offset` on with one read. Returns how many bytes there were before the file's end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int
}

/// Which file of a host it is, for as long as the file is there; then its number may be given to another one.
package struct LogFileKey: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

package struct LogFileStatus: Hashable, Sendable {
    package var key: LogFileKey
    package var size: Int
    /// When the content changed last: nanoseconds since 1970.
    package var changed: Int64
    /// Names that the file has; 0: it is deleted.
    package var links: Int
    package var isRegular: Bool

    package init(key: LogFileKey, size: Int, changed: Int64, links: Int, isRegular: Bool = true) {
        self.key = key
        self.size = size
        self.changed = changed
        self.links = links
        self.isRegular = isRegular
    }
}
