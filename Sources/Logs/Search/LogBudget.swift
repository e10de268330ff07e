import Telemetry

/// What one search may still take, and the report of what it took. It belongs to one task.
final class LogBudget {
    /// Problems that are told; the others are counted.
    private static let problemsMax = 5

    private let limits: LogSearchLimits
    private let clock: @Sendable () -> Duration
    private let began: Duration
    private var damaged: Set<ObjectIdentifier> = []
    var report = LogSearchReport()

    init(_ limits: LogSearchLimits, _ clock: @escaping @Sendable () -> Duration) {
        self.limits = limits
        self.clock = clock
        began = clock()
    }

    /// Whether one block more may be read; if not, the report says why.
    func admits() -> Bool {
        if Task.isCancelled {
            report.stop = .cancelled
        } else if report.blocksRead >= limits.blocks {
            report.stop = .blocks
        } else if report.bytesRead >= limits.bytes {
            report.stop = .bytes
        } else if clock() - began >= limits.duration {
            report.stop = .time
        } else {
            return true
        }
        return false
    }

    /// A block that can be read; nil if it cannot, which is noted.
    func open(
        _ reference: any LogBlockReference, isolation: isolated (any Actor)? = #isolation
    ) async -> (any LogBlock)? {
        do throws(TelemetryProblem) {
            let block = try await reference.open()
            report.blocksRead += 1
            report.bytesRead += block.bytesRead
            return block
        } catch {
            report.blocksRead += 1
            note(error)
            return nil
        }
    }

    /// Reads of a block, and counts what that takes. Nil if the block is damaged, which is noted once.
    func reading<Result>(
        _ block: any LogBlock, _ body: (any LogBlock) throws(TelemetryProblem) -> Result
    ) -> Result? {
        let before = block.bytesRead
        defer { report.bytesRead += block.bytesRead - before }
        do throws(TelemetryProblem) {
            return try body(block)
        } catch {
            if damaged.insert(ObjectIdentifier(block)).inserted { note(error) }
            return nil
        }
    }

    func note(_ problem: TelemetryProblem) {
        report.damagedBlocks += 1
        if report.problems.count < Self.problemsMax { report.problems.append(problem) }
    }
}
