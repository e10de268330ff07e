import ConfigRepository
import Core
import Glibc
import Testing

@Suite struct HostileYAMLTests {
    /// Seconds of a processor, so that a busy machine does not matter. Generous: the goal is 100 ms.
    private static let limit = 2.0

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func codes(_ text: String) -> [String] { codes(Array(text.utf8)) }

    private func codes(_ bytes: [UInt8]) -> [String] {
        let tree = FileTree(files: ["fabrics/dev.yaml": .bytes(bytes)])
        let start = Self.processorSeconds
        let codes = ConfigurationReader.read(tree, commit: "0").errors.map(\.code)
        let taken = Self.processorSeconds - start
        #expect(taken < Self.limit, "took \(taken)")
        return codes
    }

    @Test("An alias bomb is refused before it grows, also as a key")
    func aliases() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(codes(bomb) == ["yaml.anchor"])
        #expect(codes(bomb + "? *a12\n: 1\n") == ["yaml.anchor"])
        #expect(codes("fabric: &name dev\n") == ["yaml.anchor"])
        #expect(codes("fabric: *name\n") == ["yaml.anchor"])
        #expect(codes("fabric: *.example.com\n") == ["yaml.anchor"])
        #expect(codes("<<: *base\nfabric: dev\n") == ["yaml.anchor"])
        #expect(codes("fabric: dev\nx-note: this & that *and* more\nx-glob: \"*.py\"\n") == [])
    }

    @Test(
        "Nesting 100,000 levels deep is an error and not a crash",
        arguments: ["[", "{", "{a: ", "- ", "[{a: ", "? ", "[? "])
    func depth(_ opening: String) {
        let codes = codes("fabric: dev\nx-deep:\n  " + String(repeating: opening, count: 100_000))
        #expect(codes.count == 1)
        #expect(codes.first?.hasPrefix("yaml.") == true || codes.first == "key.invalid", "\(codes)")
    }

    @Test("Nesting by indentation is bounded too")
    func indentation() {
        var text = "fabric: dev\n"
        for level in 0..<1200 { text += String(repeating: " ", count: level) + "x-a:\n" }
        #expect(codes(text) == ["yaml.depth"])
        text = "fabric: dev\nx-a: " + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "\n"
        #expect(codes(text) == ["yaml.depth"])
        text = "fabric: dev\nx-a: " + String(repeating: "[", count: 60) + String(repeating: "]", count: 60) + "\n"
        #expect(codes(text) == [])
    }

    @Test("Duplicate keys, NaN, tags, a second document, nothing at all")
    func oddities() {
        #expect(codes("fabric: dev\nfabric: dev\n") == ["key.duplicate"])
        #expect(codes("fabric: dev\nlost-hosts-max: .nan\n") == ["share.invalid"])
        #expect(codes("fabric: !!python/object:os.system dev\n") == ["yaml.tag"])
        #expect(codes("fabric: !!binary aGk=\n") == ["yaml.tag"])
        #expect(codes("fabric: dev\n---\nfabric: dev\n") == ["yaml.documents"])
        #expect(codes("") == ["yaml.empty"])
        #expect(codes("# nothing\n") == ["yaml.empty"])
        #expect(codes("- a\n") == ["value.type"])
        #expect(codes("{a: b}: c\n") == ["key.invalid"])
    }

    @Test("Bytes that are no text: invalid UTF-8, NUL, control and direction characters, UTF-16")
    func bytes() {
        #expect(codes(Array("fabric: d".utf8) + [0xFF, 0xFE]) == ["text.encoding"])
        #expect(codes([0xC0, 0x80]) == ["text.encoding"])
        #expect(codes("fabric: de\u{0}v\n") == ["text.control"])
        #expect(codes("fabric: dev # \u{1B}[2J\n") == ["text.control"])
        #expect(codes("fabric: dev # \u{202E}ved\n") == ["text.direction"])
        #expect(codes("fabric: \"de\\0v\"\n") == ["text.control"])
        #expect(codes("fabric: \"de\\u202Ev\"\n") == ["name.invalid"])
        #expect(codes([0xFF, 0xFE, 0x66, 0x00]) == ["text.encoding"])
    }

    @Test("Keys within keys do not make a small file slow")
    func nestedKeys() {
        let key = String(repeating: "k", count: 500_000)
        let text = "fabric: dev\nx: " + String(repeating: "{", count: 900) + key + String(repeating: ": 1}", count: 900)
        #expect(!codes(text).isEmpty)
    }

    @Test("A file of more than 1 MiB is not parsed, and one of just less in time")
    func size() {
        #expect(codes([UInt8](repeating: 0x61, count: (1 << 20) + 1)) == ["file.size"])
        let list = "fabric: dev\nx-list:\n" + String(repeating: "- a\n", count: 260_000)
        #expect(codes(list) == ["yaml.size"])
        let keys = "fabric: dev\n" + (0..<49_000).map { "k\($0): 1\n" }.joined()
        #expect(codes(keys).count > 0)
        let flow = "fabric: dev\nx-list: [" + String(repeating: "a,", count: 49_000) + "]\n"
        #expect(codes(flow) == [])
    }

    @Test("A terminal cannot be written to by a file's text or name")
    func excerpt() {
        let tree = FileTree(files: ["fabrics/\u{1B}[2J.yaml": .bytes(Array("fabric: \u{202E}x\u{1B}[2J\n".utf8))])
        for diagnostic in ConfigurationReader.read(tree, commit: "0").diagnostics {
            #expect(!"\(diagnostic)".unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
        }
    }
}
