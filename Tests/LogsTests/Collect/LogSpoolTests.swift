import SystemPackage
import Telemetry
import Testing

@testable import Logs

@Suite("An agent's buffer of lines")
struct LogSpoolTests {
    private func batch(_ number: Int, bytes: Int = 40) -> LogSpool.Batch {
        var batch = LogSpool.Batch()
        batch.bytes = Array("batch \(number) ".utf8) + [UInt8](repeating: 0x61, count: bytes)
        batch.lines = 1
        batch.lineBytes = bytes
        var place = FilePlace(key: LogFileKey(device: 1, inode: UInt64(number % 3)), path: "/log/a")
        place.position = number
        batch.places = [place]
        return batch
    }

    /// The batches in the buffer, by what they begin with.
    private func contents(_ spool: LogSpool) throws -> [Int] {
        var number: UInt64 = 0
        var found: [Int] = []
        while let parcel = try spool.next(after: number) {
            #expect(parcel.number > number)
            number = parcel.number
            let text = String(decoding: parcel.bytes.prefix(20), as: UTF8.self).split(separator: " ")
            found.append(Int(text[1]) ?? -1)
        }
        return found
    }

    @Test("killed at any byte, it has whole batches, and places of just those")
    func killed() throws {
        var options = LogSpool.Options()
        options.segmentBytesMax = 700
        for end in stride(from: 0, to: 9000, by: 101) {
            let disk = SpoolDisk()
            disk.end(.killed(after: end))
            var appended = 0
            if let (spool, _) = try? LogSpool.open("/spool", on: disk, options, identity: 5) {
                for number in 1...20 where appended == number - 1 {
                    if (try? spool.append(batch(number))) != nil { appended = number }
                }
            }
            let (spool, _) = try LogSpool.open("/spool", on: disk.restarted(), options, identity: 6)
            let found = try contents(spool)
            // The one that it was killed in may be whole on the disk.
            #expect(
                found.elementsEqual(1..<found.count + 1) && (found.count == appended || found.count == appended + 1))
            let last = spool.places.files.values.map(\.position).max() ?? 0
            #expect(last == found.count)
            try spool.append(batch(21))
            #expect(try contents(spool).last == 21)
        }
    }

    @Test("beyond its bound the oldest batches go, and are counted; numbers only rise")
    func bound() throws {
        var options = LogSpool.Options()
        options.bytesMax = 1 << 20
        let disk = SpoolDisk()
        var (spool, _) = try LogSpool.open("/spool", on: disk, options, identity: 5)
        for number in 1...400 { try spool.append(batch(number, bytes: 10_000)) }
        #expect(disk.bytes <= options.bytesMax + 200_000)
        let kept = try contents(spool)
        #expect(kept == Array((401 - kept.count)...400) && kept.count > 80)
        #expect(spool.level.lost.lines == 400 - kept.count)
        #expect(spool.level.lost.bytes == 10_000 * (400 - kept.count))
        let last = try #require(try spool.next(after: 0)).number
        spool.acknowledge(last + 30)
        let lost = spool.level.lost
        let identity = spool.identity
        spool = try LogSpool.open("/spool", on: disk.restarted(), options, identity: 6).spool
        #expect(spool.identity == identity && spool.level.lost == lost)
        #expect(spool.places.files.values.map(\.position).max() == 400)
        let next = try #require(try spool.next(after: 0))
        #expect(next.number > last)
        try spool.append(batch(401))
        #expect(try contents(spool).last == 401)
    }

    @Test("on a full disk nothing is taken, read or lost; afterwards it goes on")
    func full() throws {
        let host = try CollectingHost("/log/*.log")
        try host.start()
        host.files.append(Array((1...50).map { "line \($0)\n" }.joined().utf8), to: "/log/a.log")
        host.disk.end(.full(after: 100))
        host.settle(seconds: 5)
        #expect(host.collector?.counts.waits ?? 0 > 0)
        host.files.append(Array((51...90).map { "line \($0)\n" }.joined().utf8), to: "/log/a.log")
        host.settle(seconds: 5)
        try host.send()
        #expect(host.lines.isEmpty)
        host.disk.end(.never)
        host.settle(seconds: 5)
        try host.send()
        #expect(host.ordered == (1...90).map { "line \($0)" })
        #expect(host.lines.values.allSatisfy { $0 == 1 })
    }

    @Test("a damaged batch costs that batch, and is counted")
    func damaged() throws {
        let disk = SpoolDisk()
        let (spool, _) = try LogSpool.open("/spool", on: disk, identity: 5)
        for number in 1...5 { try spool.append(batch(number, bytes: 500)) }
        let name = try #require(disk.names.max { $0.utf8.count < $1.utf8.count || $0 < $1 })
        disk.change(name) { $0[$0.count - 700] ^= 0xFF }
        let found = try contents(spool)
        #expect(found.count == 4)
        #expect(spool.level.lost.lines == 1)
    }
}

@Suite("Lines of files")
struct CollectingTests {
    @Test("long lines are cut, returns at ends are taken off, lines without an end come after a while")
    func lines() throws {
        let host = try CollectingHost("/log/*.log")
        try host.start()
        host.files.append(
            Array("one\r\n\n".utf8) + [UInt8](repeating: 0x78, count: 10 << 20) + Array("\ntwo\nthr".utf8),
            to: "/log/a.log")
        host.settle(seconds: 1)
        host.files.append(Array("ee".utf8), to: "/log/a.log")
        host.settle(seconds: 8)
        try host.send()
        #expect(host.ordered.map { $0.prefix(5) } == ["one", "xxxxx", "two", "three"])
        #expect(host.ordered.map(\.utf8.count).max() == LineScanner.eventBytesMax)
        #expect(host.collector?.counts.cutLines == 1)
    }

    @Test("lines that belong together are one event, over restarts too")
    func events() throws {
        let host = try CollectingHost(
            "/log/*.log",
            form: .events(begins: { $0.first.map { $0 != 0x20 && $0 != 0x09 } ?? false }, quiet: 1_000_000_000))
        try host.start()
        host.files.append(Array("ERROR it broke\n  at one\n".utf8), to: "/log/a.log")
        host.step(seconds: 0.1)
        host.kill()
        try host.start()
        host.files.append(Array("  at two\nINFO fine\n".utf8), to: "/log/a.log")
        host.settle(seconds: 5)
        try host.send()
        #expect(host.ordered == ["ERROR it broke\n  at one\n  at two", "INFO fine"])
    }

    @Test("what an instance wrote has its time, its stream and its long lines whole")
    func output() throws {
        let host = try CollectingHost("/log/*.log", form: .output)
        try host.start()
        let time = "2026-11-21T12:00:00.5Z"
        host.files.append(
            Array("\(time) stdout P lo\n\(time) stdout F ng\n\(time) stderr F bad\nnot ours\n".utf8), to: "/log/a.log")
        host.settle(seconds: 5)
        try host.send()
        #expect(host.ordered == ["long", "bad", "not ours"])
        #expect(host.streams.contains(LogStream([.init("source", "stderr")])))
    }
}
