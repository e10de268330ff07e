import Core

/// What a header says before it is known to be well spelled.
struct TarHeader {
    let bytes: [UInt8]

    var kind: UInt8 { bytes[TarFormat.Offset.type] }
    var isEmpty: Bool { bytes.allSatisfy { $0 == 0 } }

    func size() throws(Problem) -> Int64 { try number(at: TarFormat.Offset.size, digits: 11, "size") }

    /// The entry that the header and the pax records before it describe.
    /// - Throws: `package.unsafe` for what no package may hold, `package.path-invalid` and
    ///   `package.link-unsafe` for a path, and `package.malformed` for the rest.
    func entry(pax: PaxRecords) throws(Problem) -> TarEntry {
        var name = try text(pax.path, orAt: TarFormat.Offset.name)
        let shown = quotedForMessage(name, lengthMax: 200)
        if let hostile = Self.hostileKind(kind) { throw Self.unsafe("\(shown) is \(hostile).") }
        let mode = try number(at: TarFormat.Offset.mode, digits: 7, "mode")
        guard mode & 0o7000 == 0 else { throw Self.unsafe("\(shown) has the setuid, setgid or sticky bit.") }
        if kind == TarFormat.Kind.folder, name.utf8.last == UInt8(ascii: "/") { name.removeLast() }
        let path = try EntryPath(name)
        switch kind {
        case TarFormat.Kind.folder: return TarEntry(path: path, kind: .folder)
        case TarFormat.Kind.link:
            let target = try LinkTarget(text(pax.link, orAt: TarFormat.Offset.link), at: path)
            return TarEntry(path: path, kind: .link(target))
        case TarFormat.Kind.file:
            let fieldSize = try size()
            return TarEntry(path: path, kind: .file(size: pax.size ?? fieldSize, isExecutable: mode & 0o100 != 0))
        default: throw Self.malformed("\(shown) is of a kind that a package does not have.")
        }
    }

    static func malformed(_ cause: String) -> Problem {
        Problem(
            "package.malformed", "The archive is not a package.", cause: cause,
            remedy: "Build the package with Apus, and see that nothing changes it on the way.")
    }

    static func unsafe(_ cause: String) -> Problem {
        Problem(
            "package.unsafe", "The package is refused.", cause: cause,
            remedy: "Find out who made it: Apus builds no such package.")
    }

    private static func hostileKind(_ kind: UInt8) -> String? {
        switch kind {
        case UInt8(ascii: "1"): "a hard link"
        case UInt8(ascii: "3"), UInt8(ascii: "4"): "a device"
        case UInt8(ascii: "6"): "a pipe"
        default: nil
        }
    }

    private func text(_ known: String?, orAt offset: Int) throws(Problem) -> String {
        if let known { return known }
        let field = bytes[offset..<offset + 100].prefix { $0 != 0 }
        guard let text = String(validating: field, as: UTF8.self) else {
            throw Self.malformed("A name is not UTF-8.")
        }
        return text
    }

    private func number(at offset: Int, digits: Int, _ noun: String) throws(Problem) -> Int64 {
        let field = bytes[offset..<offset + digits]
        guard field.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
            throw Self.malformed("A \(noun) is not an octal number.")
        }
        return field.reduce(0) { $0 << 3 | Int64($1 - UInt8(ascii: "0")) }
    }
}

/// The records of a pax header that a package may have.
struct PaxRecords {
    var path: String?
    var link: String?
    var size: Int64?

    init() {}

    /// Whether the records are well spelled shows when the entry is spelled again: this takes
    /// what it can find.
    init(_ bytes: [UInt8]) throws(Problem) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard digits.count <= 5, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 1, length <= rest.count
            else { throw TarHeader.malformed("A pax record has a wrong length.") }
            let record = rest.dropFirst(digits.count + 1).prefix(length - digits.count - 1).dropLast()
            guard let text = String(validating: record, as: UTF8.self), let equals = text.firstIndex(of: "=") else {
                throw TarHeader.malformed("A pax record is not a key and a value in UTF-8.")
            }
            let value = String(text[text.index(after: equals)...])
            switch text[..<equals] {
            case "path": path = value
            case "linkpath": link = value
            case "size":
                guard let number = Int64(value), number >= 0 else {
                    throw TarHeader.malformed("A pax record has no number as its size.")
                }
                size = number
            default: throw TarHeader.malformed("A pax record has the key \(quotedForMessage(String(text[..<equals]))).")
            }
            rest = rest.dropFirst(length)
        }
    }
}
