import Testing

@testable import Logs

/// Programs that write, rotations of every kind, and a collector that is stopped and killed, for as long as one wants.
struct RotationSimulation {
    let host: CollectingHost
    private var numbers: SeededNumbers
    private var written: [String] = []
    /// Lines that were written between the copy of a file and its emptying: nobody could have read them for sure.
    private var risky: Set<String> = []
    private var serial = 0
    private var copying: [Int: Int] = [:]

    init(seed: UInt64) throws {
        numbers = SeededNumbers(seed)
        host = try CollectingHost("/log/*.log*")
        host.collectorOptions.batchBytes = 20_000
        try host.start()
    }

    private mutating func draw(_ count: Int) -> Int { Int.random(in: 0..<count, using: &numbers) }

    private func path(_ app: Int, _ generation: Int = 0) -> String {
        generation == 0 ? "/log/app\(app).log" : "/log/app\(app).log.\(generation)"
    }

    /// All that was lost or doubled.
    mutating func run(operations: Int) throws -> [String] {
        for _ in 0..<operations {
            try act()
            if draw(3) > 0 { host.step(seconds: Double(draw(1500)) / 1000) }
            if draw(8) == 0 { try host.send(acknowledged: draw(3) > 0, max: draw(4)) }
        }
        try host.start()
        for app in 0..<3 { finishCopy(app) }
        host.settle()
        try host.send()
        var wrong: [String] = []
        for line in written {
            let count = host.lines[line, default: 0]
            if count != 1, !(count == 0 && risky.contains(line)) { wrong.append("\(line): \(count)") }
        }
        return wrong
    }

    private mutating func act() throws {
        let app = draw(3)
        switch draw(100) {
        case 0..<70: write(app, lines: 1 + draw(40))
        case 70..<76: rotate(app)
        case 76..<82: beginCopy(app)
        case 82..<90: finishCopy(app)
        case 90..<92: deleteOldest(app)
        case 92..<95:
            host.kill()
            try host.start()
        case 95..<97:
            host.stop()
            try host.start()
        case 97..<98: try absence()
        default: compress(app)
        }
    }

    private mutating func write(_ app: Int, lines: Int) {
        var text: [UInt8] = []
        for _ in 0..<lines {
            serial += 1
            // Some begin alike, so that the first bytes alone tell nothing.
            let line = "server of app\(app) says number \(serial) " + String(repeating: "x", count: draw(60))
            written.append(line)
            if copying[app] != nil { risky.insert(line) }
            text += Array(line.utf8)
            text.append(UInt8(ascii: "\n"))
        }
        host.files.append(text, to: path(app))
    }

    private mutating func shift(_ app: Int) {
        // What is deleted was read before, if the collector had the time.
        if !host.files.content(path(app, 4)).isEmpty { deleteOldest(app, generation: 4) }
        for generation in [3, 2, 1] { host.files.rename(path(app, generation), to: path(app, generation + 1)) }
    }

    private mutating func rotate(_ app: Int) {
        guard copying[app] == nil, !host.files.content(path(app)).isEmpty else { return }
        catchUp()
        shift(app)
        host.files.rename(path(app), to: path(app, 1))
        if draw(2) == 0 { write(app, lines: 1 + draw(3)) }
    }

    /// The copy grows piece by piece while the program goes on writing.
    private mutating func beginCopy(_ app: Int) {
        guard copying[app] == nil, !host.files.content(path(app)).isEmpty else { return }
        catchUp()
        shift(app)
        let content = host.files.content(path(app))
        let part = draw(2) == 0 ? content.count : draw(content.count + 1)
        host.files.append(content[..<part], to: path(app, 1))
        copying[app] = content.count
    }

    private mutating func finishCopy(_ app: Int) {
        guard let count = copying.removeValue(forKey: app) else { return }
        let content = host.files.content(path(app))
        let done = host.files.content(path(app, 1)).count
        host.files.append(content[done..<count], to: path(app, 1))
        if draw(3) == 0 { host.step(seconds: 0.1) }
        host.files.truncate(path(app))
        // Grown again, perhaps to the very size, before anybody looks.
        if draw(2) == 0 { write(app, lines: 1 + draw(60)) }
    }

    /// Lets the collector find what is there: a file that comes and goes unseen is lost to anybody.
    private mutating func catchUp() {
        guard host.collector != nil else { return }
        for _ in 0..<10 { host.step(seconds: 0.5) }
    }

    private mutating func deleteOldest(_ app: Int, generation: Int? = nil) {
        guard let oldest = generation ?? (1...4).last(where: { !host.files.content(path(app, $0)).isEmpty }),
            copying[app] == nil || oldest > 1
        else { return }
        host.settle(seconds: 3)
        host.files.remove(path(app, oldest))
    }

    private mutating func compress(_ app: Int) {
        guard let oldest = (2...4).last(where: { !host.files.content(path(app, $0)).isEmpty }) else { return }
        host.settle(seconds: 3)
        host.files.append([0x1F, 0x8B, 8, 0] + host.files.content(path(app, oldest)), to: path(app, oldest) + ".gz")
        host.files.remove(path(app, oldest))
        host.settle(seconds: 3)
        host.files.remove(path(app, oldest) + ".gz")
    }

    /// The collector is away while files are rotated, but not deleted.
    private mutating func absence() throws {
        if draw(2) == 0 { host.stop() } else { host.kill() }
        for app in 0..<3 where copying[app] == nil {
            write(app, lines: 1 + draw(20))
            guard draw(2) == 0, host.files.content(path(app, 4)).isEmpty else { continue }
            for generation in [3, 2, 1] { host.files.rename(path(app, generation), to: path(app, generation + 1)) }
            if draw(2) == 0 {
                host.files.rename(path(app), to: path(app, 1))
            } else {
                host.files.append(host.files.content(path(app)), to: path(app, 1))
                host.files.truncate(path(app))
            }
            if draw(3) > 0 { write(app, lines: 1 + draw(60)) }
        }
        host.now += 600_000_000_000
        try host.start()
    }
}

@Suite("Files that are rotated")
struct RotationTests {
    @Test(
        "every line comes once, whatever is renamed, copied, emptied, deleted, stopped and killed",
        arguments: 1...8 as ClosedRange<UInt64>)
    func everyLineOnce(seed: UInt64) throws {
        var simulation = try RotationSimulation(seed: seed)
        let wrong = try simulation.run(operations: 300)
        if let first = wrong.first { Issue.record("seed \(seed): \(wrong.count) wrong, from \(first)") }
    }
}
