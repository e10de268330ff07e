import Synchronization
import SystemPackage
import Testing

@testable import Telemetry

/// A store whose process is lost, or whose disk fails, at every place where that can be.
@Suite("Series store, crashes")
struct SeriesCrashTests {
    static let start = StoreUnderTest.start
    static let rules = [
        RetentionRule(
            pattern: "**", archives: [Archive(step: 10, retention: 7200), Archive(step: 60, retention: 86_400)],
            consolidation: .sum)
    ]

    /// What a source was told is safe: by series, time and value.
    private final class Acknowledged: Sendable {
        let points = Mutex<[String: [Int64: Double]]>([:])
        let deleted = Mutex<Set<String>>([])
    }

    /// Some hours of a store's life in little: points, late points, flushes, merges, a delete. Whatever
    /// throws is as it is for a source: not acknowledged, and one goes on.
    private static func live(_ disk: TestDisk, _ acknowledged: Acknowledged, goesOn: Bool) throws {
        let test = try StoreUnderTest(disk, rules: rules)
        for round in 0..<6 {
            for minute in 0..<3 {
                let time = start + Int64(round * 600 + minute * 60)
                test.time = time + 60
                for series in ["a.b", "a.c;dc=x", "n.\(round)"] {
                    guard let id = test.id(series) else { continue }
                    let late: Int64 = minute == 2 ? 300 : 0
                    let times = (0..<4).map { time + 10 * Int64($0) - late }
                    let value = Double(round * 10 + minute)
                    do throws(TelemetryProblem) {
                        try test.store.append(times.map { SeriesPoint(series: id, time: $0, value: value) })
                        acknowledged.points.withLock { points in
                            for time in times { points[series, default: [:]][time / 10 * 10] = value }
                        }
                    } catch {
                        if !goesOn { return }
                        // Not acknowledged: it may be there or not.
                        acknowledged.points.withLock { points in
                            for time in times { points[series]?[time / 10 * 10] = .nan }
                        }
                    }
                }
            }
            do throws(TelemetryProblem) {
                try test.store.flush()
                try test.store.maintain()
            } catch {
                if !goesOn { return }
            }
            if round == 3 {
                do throws(TelemetryProblem) {
                    _ = try test.store.delete([SeriesName("n.1")])
                    _ = acknowledged.deleted.withLock { $0.insert("n.1") }
                } catch {
                    if !goesOn { return }
                }
                acknowledged.points.withLock { $0["n.1"] = nil }
            }
        }
    }

    private static func expectAll(
        _ acknowledged: Acknowledged, on disk: TestDisk, _ comment: Comment
    ) async throws {
        let test = try StoreUnderTest(disk, now: start + 3600, rules: rules)
        for (series, points) in acknowledged.points.withLock({ $0 }) {
            let read = try await test.read(series, from: start - 310, until: start + 3600)
            for (time, value) in points where !value.isNaN && read[time] != value {
                Issue.record("\(comment): \(series) at \(time) is \(read[time] ?? .nan), not \(value)")
            }
        }
        for series in acknowledged.deleted.withLock({ $0 }) {
            #expect(try await test.store.names(matching: series) == [], comment)
        }
    }

    @Test("a process that is lost at any byte loses nothing that was acknowledged", arguments: [false, true])
    func lostAtEveryByte(powerLost: Bool) async throws {
        let whole = TestDisk()
        try Self.live(whole, Acknowledged(), goesOn: false)
        for at in stride(from: 0, to: whole.written, by: max(1, whole.written / 60)) {
            let disk = TestDisk { _, _, _, bytes, written in
                written + bytes > at ? .stop(after: at - written) : nil
            }
            let acknowledged = Acknowledged()
            try? Self.live(disk, acknowledged, goesOn: false)
            try await Self.expectAll(
                acknowledged, on: disk.restarted(powerLost: powerLost), "lost at byte \(at)")
        }
    }

    @Test("a process that is lost at any operation loses nothing that was acknowledged", arguments: [false, true])
    func lostAtEveryOperation(powerLost: Bool) async throws {
        let whole = TestDisk()
        try Self.live(whole, Acknowledged(), goesOn: false)
        for at in stride(from: powerLost ? 1 : 0, to: whole.operations.count, by: 5) {
            let disk = TestDisk { number, _, _, _, _ in number == at ? .stop(after: 0) : nil }
            let acknowledged = Acknowledged()
            try? Self.live(disk, acknowledged, goesOn: false)
            try await Self.expectAll(
                acknowledged, on: disk.restarted(powerLost: powerLost),
                "lost at operation \(at), \(whole.operations[at])")
        }
    }

    @Test("an operation that fails once costs nothing that was acknowledged", arguments: [false, true])
    func failsOnce(powerLost: Bool) async throws {
        let whole = TestDisk()
        try Self.live(whole, Acknowledged(), goesOn: true)
        for at in stride(from: powerLost ? 1 : 0, to: whole.operations.count, by: 5) {
            for fault in [TestDisk.Fault.refuse(.ioError), .cut(.noSpace, after: 3)] {
                let disk = TestDisk { number, operation, _, bytes, _ in
                    if number != at { return nil }
                    if case .cut = fault, operation != .append || bytes < 4 { return nil }
                    return fault
                }
                let acknowledged = Acknowledged()
                do { try Self.live(disk, acknowledged, goesOn: true) } catch is TelemetryProblem {}
                try await Self.expectAll(
                    acknowledged, on: disk.restarted(powerLost: powerLost),
                    "failed at operation \(at), \(whole.operations[at]), \(fault)")
            }
        }
    }

    @Test("a disk that is full for a while")
    func full() async throws {
        let whole = TestDisk()
        try Self.live(whole, Acknowledged(), goesOn: true)
        for from in stride(from: 0, to: whole.operations.count, by: 29) {
            let disk = TestDisk { number, operation, _, bytes, _ in
                guard number >= from, number < from + 12, operation == .append || operation == .create else {
                    return nil
                }
                return operation == .append ? .cut(.noSpace, after: bytes / 2) : .refuse(.noSpace)
            }
            let acknowledged = Acknowledged()
            do { try Self.live(disk, acknowledged, goesOn: true) } catch is TelemetryProblem {}
            try await Self.expectAll(acknowledged, on: disk.restarted(powerLost: true), "full from operation \(from)")
        }
    }

    @Test("what is damaged is said and set aside, and the rest is there")
    func damage() async throws {
        let disk = TestDisk()
        let acknowledged = Acknowledged()
        try Self.live(disk, acknowledged, goesOn: false)
        let block = try #require(disk.names.first { $0.hasSuffix(".block") })
        let broken = disk.restarted()
        broken.change(block) { $0[$0.count - 1] ^= 1 }
        let test = try StoreUnderTest(broken, now: Self.start + 3600, rules: Self.rules)
        #expect(test.report.dropped.count == 1)
        #expect(broken.names.contains { $0.contains("/damaged/") })
        let again = try StoreUnderTest(broken.restarted(), now: Self.start + 3600, rules: Self.rules)
        #expect(again.report.dropped == [])

        let gone = disk.restarted()
        gone.state.withLock { $0.files[block] = nil }
        #expect(try StoreUnderTest(gone, rules: Self.rules).report.dropped.count == 1)

        for name in ["manifest", ".names"] {
            let path = try #require(disk.names.first { $0.hasSuffix(name) })
            let unknown = disk.restarted()
            unknown.change(path) { $0[$0.count / 2] ^= 4 }
            #expect(throws: TelemetryProblem.self) { try StoreUnderTest(unknown, rules: Self.rules) }
        }
    }

    @Test("a process that is lost at every single byte of the log")
    func everyByteOfTheLog() async throws {
        for at in 0..<700 {
            let disk = TestDisk { _, _, _, bytes, written in written + bytes > at ? .stop(after: at - written) : nil }
            var taken: [Int64: Double] = [:]
            if let test = try? StoreUnderTest(disk) {
                for index in 0..<12 {
                    let point = (Self.start - Int64(index) * 10, Double(index) / 7)
                    if (try? test.put("a.b;n=\(index % 3)", [point])) == nil { break }
                    if index % 3 == 0 { taken[point.0] = point.1 }
                }
            }
            let again = try StoreUnderTest(disk.restarted(powerLost: at % 2 == 1))
            let read = try await again.read("a.b;n=0", from: Self.start - 300, until: Self.start)
            for (time, value) in taken { #expect(read[time] == value, "lost at byte \(at)") }
        }
    }

    @Test("a torn end of the log is cut, said and kept beside it")
    func torn() async throws {
        let disk = TestDisk()
        var test: StoreUnderTest? = try StoreUnderTest(disk)
        for index in 0..<10 { try test?.put("a", [(Self.start + Int64(index) * 10, 1)]) }
        test = nil
        let segment = try #require(disk.names.last { $0.hasSuffix(".log") })
        disk.change(segment) { $0.removeLast(3) }
        let opened = try StoreUnderTest(disk.restarted())
        #expect(opened.report.dropped.count == 1)
        #expect(opened.report.points == 9)
    }
}
