import Core
import Testing

/// Names, units, commands and identifiers, with the texts that people and attackers write.
@Suite("Names and units")
struct NameTests {
    static let hostile = [
        "", " ", "-rf", "a;b", "$(id)", "`id`", "a\nb", "a\r\nb", "a\0b", "\u{202E}nimda", "a\u{200D}b", "../etc",
        "a/b", "A", "é", "a--b",
        "a-", "a b", "a\"b", "a#b", "a{b", "1a", "ａ", String(repeating: "a", count: 64),
        String(repeating: "a", count: 64 << 10),
    ]

    @Test("a hostile text is no name, and cannot rewrite the message that says so", arguments: hostile)
    func refused(text: String) {
        expectRefusal(AppName.self, text)
        expectRefusal(HostName.self, text)
        expectRefusal(ProcessName.self, text)
    }

    private func expectRefusal<Noun: Name>(_: Noun.Type, _ text: String) {
        do throws(Problem) {
            Issue.record("accepted \(try Noun(text))")
        } catch {
            #expect(error.code == "name.invalid")
            #expect(
                !error.cause.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E || $0.value == 0x200D })
            #expect(error.cause.utf8.count < 800)
        }
    }

    @Test("only hosts have dots in their names")
    func dots() throws {
        #expect(try HostName("web-1.example.com").text == "web-1.example.com")
        #expect(throws: Problem.self) { try AppName("a.b") }
        #expect(throws: Problem.self) { try HostName("a..b") }
        #expect(throws: Problem.self) { try HostName("a.-b") }
        #expect(throws: Problem.self) { try HostName("a.") }
    }

    @Test("an instance's text is read back as it was written")
    func instances() throws {
        let id = try InstanceID("shop.web.2.r7")
        #expect((id.app.text, id.process.text, id.slot, id.release) == ("shop", "web", 2, 7))
        #expect(id.description == "shop.web.2.r7")
    }

    @Test(
        "what is not written as an instance is none",
        arguments: [
            "shop.web.2", "shop.web.2.7", "shop.web.0.r1", "shop.web.-1.r1", "shop.web.1.r0", "shop.web.1.r-1",
            "shop..1.r1", "a.b.1.r1.x",
            "shop.web.+1.r1", "shop.web.01.r1", "shop.web.1.r+1", "shop.web.1.r01", "shop.web.99999999999999999999.r1",
            "a.b.1.r1\n",
        ])
    func noInstances(text: String) { #expect(throws: Problem.self) { try InstanceID(text) } }

    @Test(
        "lengths of time",
        arguments: [
            ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("0s", 0), ("3650d", 315_360_000_000),
        ])
    func intervals(text: String, milliseconds: Int64) throws {
        #expect(try Interval(text).milliseconds == milliseconds)
        #expect(try Interval(Interval(text).description) == Interval(text))
    }

    @Test(
        "what is no length of time",
        arguments: ["", "5", "s", "-5s", "1.5s", "5 s", "٣s", "3651d", "99999999999999999999s", "5S", "+5s"])
    func noIntervals(text: String) { #expect(throws: Problem.self) { try Interval(text) } }

    @Test("amounts of memory")
    func bytes() throws {
        #expect(try ByteCount("256MiB") == .mebibytes(256))
        #expect(try ByteCount("512").bytes == 512)
        #expect(try ByteCount("1024MiB").description == "1 GiB")
        for text in ["", "MiB", "-1MiB", "1MB", "1.5GiB", "1048577TiB", "99999999999999999999"] {
            #expect(throws: Problem.self) { try ByteCount(text) }
        }
    }

    @Test("a share of few is at least one, and never more than there are")
    func shares() throws {
        #expect(try Share("25%").of(2) == 1)
        #expect(try Share("25%").of(10) == 3)
        #expect(try Share("100%").of(7) == 7)
        #expect(try Share("3").of(2) == 2)
        #expect(try Share("3").of(0) == 1)
        for text in ["0", "0%", "101%", "-1", "", "%", "1.5", "9 %", "+3", "+3%"] {
            #expect(throws: Problem.self) { try Share(text) }
        }
    }

    @Test("a command is split as a shell quotes, and replaces variables only whole")
    func commands() throws {
        let command = try CommandTemplate(#"run "a b" 'c $X' --port=$PORT x\ y ''"#)
        #expect(command.variables == ["PORT"])
        #expect(
            try command.arguments(environment: ["PORT": "80; rm -rf /"]) == [
                "run", "a b", "c $X", "--port=80; rm -rf /", "x y", "",
            ])
        #expect(throws: Problem.self) { try command.arguments(environment: [:]) }
    }

    @Test(
        "what only a shell understands is refused",
        arguments: [
            "", "  ", "a | b", "a; b", "a && b", "a > f", "a < f", "`id`", "$(id)", "\"`id`\"", "'a", "\"a", "a\\",
            "a\nb", "a\0", "${", "${A", "$",
        ])
    func noCommands(text: String) { #expect(throws: Problem.self) { try CommandTemplate(text) } }

    @Test("a digest is 64 lower-case hexadecimal digits")
    func digests() throws {
        let hex = String(repeating: "0a", count: 32)
        #expect(try Digest(hex).short == "0a0a0a0a0a0a")
        for text in [hex.uppercased(), String(hex.dropLast()), hex + "0", String(repeating: "g", count: 64), ""] {
            #expect(throws: Problem.self) { try Digest(text) }
        }
    }
}
