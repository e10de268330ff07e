package import SystemPackage
package import Telemetry

/// Where segments are whose blocks are no longer on this machine.
package protocol LogArchive: Sendable {
    /// Brings a segment here, if it is not here yet, and says where it is. The file may go again once it was opened.
    func fetch(_ segment: String) async throws(TelemetryProblem) -> FilePath
}

extension LogArchive {
    func open(_ segment: String) async throws(TelemetryProblem) -> any StoredFile {
        let path = try await fetch(segment)
        do throws(FileFault) {
            return try Disk().open(path)
        } catch {
            throw error.problem("Lines were not read.")
        }
    }
}

/// A segment, for whoever moves it to an archive.
package struct LogSegmentInfo: Hashable, Sendable {
    /// Unique in its store, and never used again.
    package var name: String
    package var path: FilePath
    /// Days since 1970.
    package var day: Int
    package var bytes: Int
    package var rows: Int
    package var firstTime: Int64
    package var lastTime: Int64
    package var streams: [LogStream]
    /// Whether its blocks are only in the archive.
    package var isEvicted: Bool
    /// Whether it is of a day that is over and will not be merged any more.
    package var isFinal: Bool
}
