package import Core

/// The path of something in a package: relative, of plain components, in UTF-8. It cannot leave
/// the package's folder, and cannot change a terminal or a page that shows it.
package struct EntryPath: Comparable, Sendable, CustomStringConvertible {
    package static let bytesMax = 2048
    package static let componentBytesMax = 255
    package static let depthMax = 64

    package let text: String

    /// - Throws: `package.path-invalid` for an absolute path, `.` or `..` or nothing between two
    ///   slashes, a control or direction character, or more than the limits above.
    package init(_ text: String) throws(Problem) {
        if let fault = Self.fault(in: text) { throw Self.refused("The path \(quotedForMessage(text)) \(fault).") }
        self.text = text
    }

    package var description: String { text }
    var quoted: String { quotedForMessage(text, lengthMax: 200) }

    var components: [Substring] { text.split(separator: "/") }
    var name: Substring { text[text.utf8.index(text.startIndex, offsetBy: parentBytes == 0 ? 0 : parentBytes + 1)...] }
    /// The path of the folder that it is in; empty: the package's own.
    var parent: Substring { text[..<text.utf8.index(text.startIndex, offsetBy: parentBytes)] }

    /// By bytes: two spellings of one accented letter are two files.
    package static func == (left: EntryPath, right: EntryPath) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    /// A folder comes before what is in it, and that before anything after the folder. So the
    /// slash counts as the lowest byte of all.
    package static func < (left: EntryPath, right: EntryPath) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8) { rank($0) < rank($1) }
    }

    static func refused(_ cause: String) -> Problem {
        Problem(
            "package.path-invalid", "This cannot be in a package.", cause: cause,
            remedy: "Rename it: paths are relative, in UTF-8, without `..` and control characters.")
    }

    /// What is wrong with a text that is to be shown or stored as a path, whatever its shape.
    static func characterFault(in text: String) -> String? {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if isPlain { return nil }
        let isHostile = text.unicodeScalars.contains { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
            case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
            default: false
            }
        }
        return isHostile ? "has a control or direction character" : nil
    }

    private var parentBytes: Int {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return 0 }
        return text.utf8.distance(from: text.startIndex, to: slash)
    }

    private static func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }

    private static func fault(in text: String) -> String? {
        guard !text.isEmpty else { return "is empty" }
        guard text.utf8.count <= bytesMax else { return "has more than \(bytesMax) bytes" }
        guard text.utf8.first != UInt8(ascii: "/") else { return "is absolute" }
        if let fault = characterFault(in: text) { return fault }
        let components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.count <= depthMax else { return "is more than \(depthMax) folders deep" }
        for component in components {
            guard !component.isEmpty else { return "has two slashes in a row or one at its end" }
            guard component.count <= componentBytesMax else {
                return "has a name of more than \(componentBytesMax) bytes"
            }
            if component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) { return "has `.` or `..`" }
        }
        return nil
    }
}
