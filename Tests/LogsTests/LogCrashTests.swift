import Synchronization
import SystemPackage
import Telemetry
import Testing

@testable import Logs

/// A store whose process is lost, or whose disk fails, at every place where that can be.
@Suite("Store of lines, crashes")
struct LogCrashTests {
    private static let rounds = 9

    /// Batches as an agent sends them: one that is not acknowledged is sent again until it is.
    /// Returns the number of the last that was acknowledged.
    private static func live(_ disk: TestDisk, goesOn: Bool) async throws -> Int {
        let test = try StoreUnderTest(disk) { $0.logBytesMax = 1 << 14 }
        var acknowledged = 0
        for round in 1...rounds {
            var isTaken = false
            for _ in 0..<(goesOn ? 4 : 1) where !isTaken {
                do {
                    try await test.store.append(
                        .sample(round * 24..<round * 24 + 24), as: LogDelivery(sender: "a", number: UInt64(round)))
                    isTaken = true
                } catch { try? test.store.maintain() }
            }
            guard isTaken else { return acknowledged }
            acknowledged = round
            if round % 2 == 0 {
                do {
                    try test.store.flush()
                    try test.store.maintain()
                } catch where goesOn {}
            }
        }
        return acknowledged
    }

    private static func expectAll(_ acknowledged: Int, on disk: TestDisk, _ comment: String) async throws {
        let test = try StoreUnderTest(disk)
        let lines = try await test.lines()
        var expected: [String] = []
        // The batch that was on its way may be there or not; the store says which.
        let isThere = test.store.isKnown(LogDelivery(sender: "a", number: UInt64(acknowledged + 1)))
        let count = acknowledged + (isThere ? 1 : 0)
        if count > 0 {
            let raw = try StoreUnderTest(TestDisk()) { $0.blockRowsMax = 100_000 }
            for round in 1...count { try await raw.store.append(.sample(round * 24..<round * 24 + 24), as: nil) }
            expected = try await raw.lines()
        }
        #expect(lines == expected, "\(comment): \(lines.count) lines, not \(expected.count)")
        // And it goes on.
        try await test.store.append(.sample(0..<8), as: LogDelivery(sender: "a", number: 1_000))
        try test.store.flush()
        #expect(try await test.lines().count == expected.count + 8, "\(comment)")
    }

    @Test("a process that is lost at any byte loses nothing that was acknowledged", arguments: [false, true])
    func lostAtEveryByte(powerLost: Bool) async throws {
        let whole = TestDisk()
        #expect(try await Self.live(whole, goesOn: false) == Self.rounds)
        try await Self.expectAll(Self.rounds, on: whole.restarted(powerLost: powerLost), "whole")
        for at in stride(from: 0, to: whole.written, by: max(1, whole.written / 70)) {
            let disk = TestDisk { _, _, _, bytes, written in
                written + bytes > at ? .stop(after: at - written) : nil
            }
            let acknowledged = (try? await Self.live(disk, goesOn: false)) ?? 0
            try await Self.expectAll(acknowledged, on: disk.restarted(powerLost: powerLost), "lost at byte \(at)")
        }
    }

    @Test("a process that is lost at any operation loses nothing that was acknowledged", arguments: [false, true])
    func lostAtEveryOperation(powerLost: Bool) async throws {
        let whole = TestDisk()
        _ = try await Self.live(whole, goesOn: false)
        let operations = whole.operations
        for at in stride(from: powerLost ? 1 : 0, to: operations.count, by: 4) {
            let disk = TestDisk { number, _, _, _, _ in number == at ? .stop(after: 0) : nil }
            // A flush that fails is no failure of who sends, so the process is asked for what it acknowledged.
            let acknowledged = (try? await Self.live(disk, goesOn: true)) ?? 0
            try await Self.expectAll(
                acknowledged, on: disk.restarted(powerLost: powerLost), "lost at operation \(at), \(operations[at])")
        }
    }

    @Test("an operation that fails once costs nothing, and all is taken in the end")
    func failsOnce() async throws {
        let whole = TestDisk()
        _ = try await Self.live(whole, goesOn: true)
        for at in stride(from: 8, to: whole.operations.count, by: 4) {
            for fault in [TestDisk.Fault.refuse(.ioError), .cut(.noSpace, after: 3)] {
                let disk = TestDisk { number, operation, _, bytes, _ in
                    if number != at { return nil }
                    if case .cut = fault, operation != .append || bytes < 4 { return nil }
                    return fault
                }
                guard let acknowledged = try? await Self.live(disk, goesOn: true) else { continue }
                #expect(acknowledged == Self.rounds, "\(whole.operations[at]) \(at)")
                try await Self.expectAll(
                    acknowledged, on: disk.restarted(powerLost: true), "failed at \(at), \(whole.operations[at])")
            }
        }
    }

    @Test("a full disk takes no lines, loses none, and goes on when there is room")
    func full() async throws {
        let isFull = Mutex(false)
        let disk = TestDisk { _, operation, _, bytes, _ in
            operation == .append && bytes > 0 && isFull.withLock { $0 } ? .cut(.noSpace, after: bytes / 2) : nil
        }
        let test = try StoreUnderTest(disk)
        try await test.store.append(.sample(0..<100), as: LogDelivery(sender: "a", number: 1))
        isFull.withLock { $0 = true }
        for _ in 0..<3 {
            do {
                try await test.store.append(.sample(100..<200), as: LogDelivery(sender: "a", number: 2))
                Issue.record("lines were taken by a full disk")
            } catch {
                #expect(error.code == "storage.failed" && error.remedy.contains("Make room"))
            }
            #expect(throws: TelemetryProblem.self) { try test.store.flush() }
        }
        #expect(!test.store.isKnown(LogDelivery(sender: "a", number: 2)))
        #expect(try await test.lines().count == 100)
        isFull.withLock { $0 = false }
        try await test.store.append(.sample(100..<200), as: LogDelivery(sender: "a", number: 2))
        try test.store.flush()
        #expect(try await test.lines().count == 200)
        let after = try StoreUnderTest(disk.restarted(powerLost: true))
        #expect(try await after.lines().count == 200)
    }
}
