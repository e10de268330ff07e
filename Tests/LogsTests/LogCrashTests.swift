import Synchronization
import SystemPackage
import Telemetry
import Testing

@testable import Logs

/// A store whose process is lost, or whose disk fails, at every place where that can be.
@Suite("Store of lines, crashes")
struct LogCrashTests {
    private static let rounds = 7

    /// What became of a batch: nil if it was acknowledged.
    private static func send(_ number: Int, _ range: Range<Int>, to store: LogStore) async -> TelemetryProblem? {
        let delivery = LogDelivery(sender: "a", number: UInt64(number))
        do throws(TelemetryProblem) {
            try await store.append(.sample(range), as: delivery)
            return nil
        } catch {
            return error
        }
    }

    private static func flush(_ store: LogStore) -> Bool {
        do throws(TelemetryProblem) {
            try store.flush()
            try store.maintain()
            return true
        } catch {
            return false
        }
    }

    /// Batches as an agent sends them: one that is not acknowledged is sent again, some times.
    /// Returns the number of the last that was acknowledged.
    private static func live(_ disk: TestDisk, goesOn: Bool) async -> Int {
        guard let test = try? StoreUnderTest(disk, { $0.logBytesMax = 1 << 14 }) else { return 0 }
        for round in 1...rounds {
            var problem = await send(round, round * 24..<round * 24 + 24, to: test.store)
            var again = goesOn ? 3 : 0
            while problem != nil, again > 0 {
                again -= 1
                _ = flush(test.store)
                problem = await send(round, round * 24..<round * 24 + 24, to: test.store)
            }
            if problem != nil { return round - 1 }
            if round % 2 == 0, !flush(test.store), !goesOn { return round }
        }
        return rounds
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
        let isSame = lines == expected
        #expect(isSame, "\(comment): \(lines.count) lines, not \(expected.count)")
        // And it goes on.
        #expect(await send(1_000, 0..<8, to: test.store) == nil && flush(test.store), "\(comment)")
        #expect(try await test.lines().count == expected.count + 8, "\(comment)")
    }

    @Test("a process that is lost at any byte loses nothing that was acknowledged", arguments: [false, true])
    func lostAtEveryByte(powerLost: Bool) async throws {
        let whole = TestDisk()
        #expect(await Self.live(whole, goesOn: false) == Self.rounds)
        try await Self.expectAll(Self.rounds, on: whole.restarted(powerLost: powerLost), "whole")
        for at in stride(from: 0, to: whole.written, by: max(1, whole.written / 25)) {
            let disk = TestDisk { _, _, _, bytes, written in
                written + bytes > at ? .stop(after: at - written) : nil
            }
            let acknowledged = await Self.live(disk, goesOn: false)
            try await Self.expectAll(acknowledged, on: disk.restarted(powerLost: powerLost), "lost at byte \(at)")
        }
    }

    @Test("a process that is lost at any operation loses nothing that was acknowledged", arguments: [false, true])
    func lostAtEveryOperation(powerLost: Bool) async throws {
        let whole = TestDisk()
        _ = await Self.live(whole, goesOn: false)
        let operations = whole.operations
        for at in stride(from: powerLost ? 1 : 0, to: operations.count, by: 11) {
            let disk = TestDisk { number, _, _, _, _ in number == at ? .stop(after: 0) : nil }
            // A flush that fails is no failure of who sends, so the process is asked for what it acknowledged.
            let acknowledged = await Self.live(disk, goesOn: true)
            try await Self.expectAll(
                acknowledged, on: disk.restarted(powerLost: powerLost), "lost at operation \(at), \(operations[at])")
        }
    }

    @Test("an operation that fails once costs nothing, and all is taken in the end")
    func failsOnce() async throws {
        let whole = TestDisk()
        _ = await Self.live(whole, goesOn: true)
        for at in stride(from: 8, to: whole.operations.count, by: 11) {
            for fault in [TestDisk.Fault.refuse(.ioError), .cut(.noSpace, after: 3)] {
                let disk = TestDisk { number, operation, _, bytes, _ in
                    if number != at { return nil }
                    if case .cut = fault, operation != .append || bytes < 4 { return nil }
                    return fault
                }
                let acknowledged = await Self.live(disk, goesOn: true)
                // Without the store's first files there is no store.
                if acknowledged == 0 { continue }
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
        #expect(await Self.send(1, 0..<100, to: test.store) == nil)
        isFull.withLock { $0 = true }
        for _ in 0..<3 {
            let problem = await Self.send(2, 100..<200, to: test.store)
            #expect(problem?.code == "storage.failed" && problem?.remedy.contains("Make room") == true)
            #expect(!Self.flush(test.store))
        }
        #expect(!test.store.isKnown(LogDelivery(sender: "a", number: 2)))
        #expect(try await test.lines().count == 100)
        isFull.withLock { $0 = false }
        #expect(await Self.send(2, 100..<200, to: test.store) == nil)
        #expect(Self.flush(test.store))
        #expect(try await test.lines().count == 200)
        let after = try StoreUnderTest(disk.restarted(powerLost: true))
        #expect(try await after.lines().count == 200)
    }
}
