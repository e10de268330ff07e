/// The spelling of a package's tar stream: POSIX ustar, with one pax header before an entry
/// whose path, link or size does not fit.
///
/// For each entry there is exactly one spelling. The reader takes nothing else: it decodes what
/// it finds, spells that again, and compares. `docs/formats/package.md` has the layout; the
/// format's source is POSIX.1-2017, `pax`, "ustar Interchange Format".
enum TarFormat {
    static let blockBytes = 512
    static let paxBytesMax = 8 << 10
    /// The largest size that fits its field: eleven octal digits.
    static let fieldSizeMax: Int64 = 0o777_7777_7777
    private static let textFieldBytes = 100
    private static let paxName = "././@PaxHeader"

    enum Offset {
        static let name = 0
        static let mode = 100
        static let user = 108
        static let group = 116
        static let size = 124
        static let time = 136
        static let checksum = 148
        static let type = 156
        static let link = 157
        static let magic = 257
        static let deviceMajor = 329
        static let deviceMinor = 337
    }

    enum Kind {
        static let file = UInt8(ascii: "0")
        static let link = UInt8(ascii: "2")
        static let folder = UInt8(ascii: "5")
        static let pax = UInt8(ascii: "x")
    }

    /// All that is before an entry's contents: a pax header where it is needed, and the header.
    static func header(of entry: TarEntry) -> [UInt8] {
        var path = Array(entry.path.text.utf8)
        var link: [UInt8] = []
        var mode = 0o644
        let kind: UInt8
        switch entry.kind {
        case .folder:
            path.append(UInt8(ascii: "/"))
            kind = Kind.folder
            mode = 0o755
        case .file(_, let isExecutable):
            kind = Kind.file
            if isExecutable { mode = 0o755 }
        case .link(let target):
            kind = Kind.link
            mode = 0o777
            link = Array(target.text.utf8)
        }
        var records: [UInt8] = []
        if !fits(path) { records += paxRecord("path", path) }
        if !fits(link) { records += paxRecord("linkpath", link) }
        if entry.size > fieldSizeMax { records += paxRecord("size", Array(String(entry.size).utf8)) }
        let size = entry.size > fieldSizeMax ? 0 : entry.size
        var bytes: [UInt8] = []
        if !records.isEmpty {
            bytes = block(name: Array(paxName.utf8), kind: Kind.pax, mode: 0o644, size: Int64(records.count), link: [])
            bytes += records
            bytes += [UInt8](repeating: 0, count: paddingBytes(after: Int64(records.count)))
        }
        return bytes + block(name: path, kind: kind, mode: mode, size: size, link: link)
    }

    /// Two empty blocks, and nothing after them.
    static var end: [UInt8] { [UInt8](repeating: 0, count: 2 * blockBytes) }

    static func paddingBytes(after size: Int64) -> Int {
        Int((Int64(blockBytes) - size % Int64(blockBytes)) % Int64(blockBytes))
    }

    private static func fits(_ text: [UInt8]) -> Bool {
        text.count <= textFieldBytes && text.allSatisfy { $0 < 0x80 }
    }

    private static func block(name: [UInt8], kind: UInt8, mode: Int, size: Int64, link: [UInt8]) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        put(name.prefix(textFieldBytes), at: Offset.name)
        put(octal(Int64(mode), digits: 7), at: Offset.mode)
        put(octal(0, digits: 7), at: Offset.user)
        put(octal(0, digits: 7), at: Offset.group)
        put(octal(size, digits: 11), at: Offset.size)
        put(octal(0, digits: 11), at: Offset.time)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: Offset.checksum)
        block[Offset.type] = kind
        put(link.prefix(textFieldBytes), at: Offset.link)
        put("ustar\u{0}00".utf8, at: Offset.magic)
        put(octal(0, digits: 7), at: Offset.deviceMajor)
        put(octal(0, digits: 7), at: Offset.deviceMinor)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: Offset.checksum)
        return block
    }

    private static func octal(_ number: Int64, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array(repeatElement(UInt8(ascii: "0"), count: digits - text.utf8.count)) + Array(text.utf8)
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts the whole record with its own digits.
    private static func paxRecord(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while length != rest.count + String(length).utf8.count { length = rest.count + String(length).utf8.count }
        return Array(String(length).utf8) + rest
    }
}
