import Core
import Testing
import Wire

@testable import Commands

@Suite struct TextTests {
    @Test("Text that comes from elsewhere cannot steer the terminal")
    func hostileText() {
        let text = StyledText("a\u{1B}[31mred\u{1B}[0m\u{1B}]0;title\u{7}\r\n\u{202E}b\tc")
        #expect(text.rendered(colour: true).unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
        #expect(StyledText("\u{1B}[1;31mred\u{1B}[0m end").rendered(colour: false) == "red end")
    }

    @Test("Text is cut by columns, not by bytes")
    func elision() {
        #expect(StyledText("instances").elided(to: 6).rendered(colour: false) == "insta…")
        #expect(StyledText("日本語").width == 6)
        #expect(StyledText("日本語").elided(to: 4).rendered(colour: false) == "日…")
        #expect(StyledText("abc").elided(to: 3).rendered(colour: false) == "abc")
        #expect(StyledText("abc").elided(to: 0).isEmpty)
        #expect(StyledText("ab", .red).rendered(colour: true) == "\u{1B}[31mab\u{1B}[0m")
    }

    @Test("A table fits the terminal by narrowing what may be narrowed, and drops empty columns")
    func table() {
        var table = Table([.init("NAME"), .init("EMPTY"), .init("N", isRight: true), .init("WHY", isElastic: true)])
        table.add(["one", "", "7", "a long reason that does not fit into the width"])
        table.add(["three", "", "12", "short"])
        #expect(
            table.lines(width: 30).map { $0.rendered(colour: false) } == [
                "NAME    N  WHY", "one     7  a long reason that…", "three  12  short",
            ])
        let widest = table.lines(width: nil).map(\.width).max()
        #expect(widest == 5 + 2 + 2 + 2 + 46)
    }

    @Test("Columns that can be done without go before the others become unreadable")
    func optionalColumns() {
        var table = Table([
            .init("NAME"), .init("ZONE", isOptional: true), .init("CLASS", isOptional: true),
            .init("WHY", isElastic: true),
        ])
        table.add(["web-1", "a", "web@3", "silent for longer than it may be"])
        let titles = [48, 40, 30, 10].map { width in table.lines(width: width)[0].rendered(colour: false) }
        #expect(titles == ["NAME   ZONE  CLASS  WHY", "NAME   ZONE  CLASS  WHY", "NAME   WHY", "NAME   WHY"])
    }

    @Test("Lengths, ages, sizes and times")
    func words() {
        #expect(
            ["0.45s", "12.3s", "3m 04s", "2h 10m"]
                == [450, 12_349, 184_000, 7_800_000].map { Words.duration(Interval(milliseconds: $0)) })
        #expect(Words.duration(Interval(milliseconds: -5)) == "0.00s")
        #expect(Words.age(Instant(milliseconds: 0), at: Instant(milliseconds: 3_700_000)) == "1h ago")
        #expect(Words.age(Instant(milliseconds: 300_000), at: Instant(milliseconds: 0)) == "in 5m")
        #expect(
            ["0 B", "1023 B", "1.0 KiB", "3.4 MiB"] == [0, 1023, 1024, 3_600_000].map { ByteCount(bytes: $0).rough })
        #expect(Words.time(Instant(milliseconds: 0)) == "1970-01-01 00:00:00")
        #expect(Words.time(Instant(milliseconds: 951_782_399_000)) == "2000-02-28 23:59:59")
        #expect(Words.time(Instant(milliseconds: 1_709_164_800_000)) == "2024-02-29 00:00:00")
        #expect(Words.time(Instant(milliseconds: -1000)) == "1969-12-31 23:59:59")
    }

    @Test("Running steps are drawn below those that ended, and written over")
    func liveLines() {
        nonisolated(unsafe) var written: [String] = []
        let terminal = Terminal(isTerminal: true, width: 20, usesColour: false) { written.append($0) }
        var lines = LiveLines(terminal)
        lines.show(staying: [], live: ["a", "b"])
        lines.show(staying: ["done"], live: ["a line that is much too long for it"])
        lines.show(staying: [], live: [])
        lines.show(staying: [], live: [])
        #expect(written == ["a\nb\n", "\u{1B}[2A\u{1B}[Jdone\na line that is muc…\n", "\u{1B}[1A\u{1B}[J"])
    }

    @Test("Steps are counted and timed as the server says, whatever this clock shows")
    func progress() {
        var progress = ExecutionProgress()
        var stayed: [String] = []
        for (index, event) in FollowTests.events(.succeeded).enumerated() {
            let now = Instant(milliseconds: Int64(index) * 100)
            stayed += progress.receive(event, of: ExecutionID(checked: "7"), at: now).map { $0.rendered(colour: false) }
            if index == 1 {
                #expect(
                    progress.live(at: Instant(milliseconds: 2400)).map { $0.rendered(colour: false) } == [
                        "… start shop.web.1.r8 on web-1  2.3s"
                    ])
            }
        }
        #expect(stayed == ["✓ start shop.web.1.r8 on web-1  1.2s"])
        #expect(
            progress.stepsDone == 1 && progress.state == .succeeded && progress.took == Interval(milliseconds: 1300))
        #expect(progress.live(at: Fixtures.now).isEmpty)
    }

    @Test("Targets of logs")
    func logTargets() throws {
        #expect(try LogTarget("shop") == .some(Fixtures.app("shop"), nil, slot: nil))
        #expect(try LogTarget("shop.web.2") == .some(Fixtures.app("shop"), Fixtures.web, slot: 2))
        #expect(try LogTarget("shop.web.2.r7") == .instance(InstanceID("shop.web.2.r7")))
        for text in ["", ".", "shop.", "shop.web.x", "shop.web.0", "shop.web.2.7", "a.b.c.d.e"] {
            #expect(throws: Problem.self) { try LogTarget(text) }
        }
    }
}
