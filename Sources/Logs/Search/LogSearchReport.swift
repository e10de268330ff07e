package import Telemetry

/// What a search did, and whether its answer is whole.
package struct LogSearchReport: Hashable, Sendable {
    /// Nil if all was seen.
    package var stop: LogSearchStop?
    /// Where the next page begins: behind what was given. Nil if nothing is left.
    package var next: LogPosition?
    /// Blocks that may hold what was searched, and how many of them were read.
    package var blocks = 0
    package var blocksRead = 0
    /// Lines in the blocks that were read, and those that were found.
    package var rowsRead = 0
    package var rowsFound = 0
    package var bytesRead = 0
    /// Blocks that could not be read: their lines are missing.
    package var damagedBlocks = 0
    /// The first problems of such blocks.
    package var problems: [TelemetryProblem] = []

    package init() {}

    /// Whether lines may be missing in the answer, other than those of the next page.
    package var isPartial: Bool { (stop != nil && stop != .lines) || damagedBlocks > 0 }
}
