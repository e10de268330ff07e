import Core

/// Where a link in a package points: to a place in the same package.
///
/// `..` may only be at the start, at most as often as the link is folders deep. That, and not
/// just that the path stays inside when it is read as text, is what keeps the link inside:
/// `a/../..` looks harmless until `a` is a link to a folder further up. With `..` at the start
/// only, following a link goes up real folders within the package, and then down; what it meets
/// on the way down is again a folder, or a link for which the same holds.
struct LinkTarget: Equatable, Sendable {
    let text: String

    /// - Throws: `package.link-unsafe` unless the text is spelled as a package has it.
    init(_ text: String, at path: EntryPath) throws(Problem) {
        let target = try LinkTarget(normalizing: text, at: path)
        guard target.text.utf8.elementsEqual(text.utf8) else {
            throw Self.unsafe(text, at: path, "is not in its shortest spelling")
        }
        self = target
    }

    /// Takes any spelling (`./x`, `x//y`) and keeps the shortest.
    init(normalizing text: String, at path: EntryPath) throws(Problem) {
        guard !text.isEmpty else { throw Self.unsafe(text, at: path, "is empty") }
        guard text.utf8.count <= EntryPath.bytesMax else { throw Self.unsafe(text, at: path, "is too long") }
        guard text.utf8.first != UInt8(ascii: "/") else { throw Self.unsafe(text, at: path, "is absolute") }
        if let fault = EntryPath.characterFault(in: text) { throw Self.unsafe(text, at: path, fault) }
        let components = text.split(separator: "/").filter { $0 != "." }
        let ups = components.prefix { $0 == ".." }.count
        guard ups < path.components.count else { throw Self.unsafe(text, at: path, "leaves the package") }
        guard !components.dropFirst(ups).contains("..") else {
            throw Self.unsafe(text, at: path, "has `..` after a name")
        }
        self.text = components.isEmpty ? "." : components.joined(separator: "/")
    }

    private static func unsafe(_ text: String, at path: EntryPath, _ fault: String) -> Problem {
        Problem(
            "package.link-unsafe", "This link cannot be in a package.",
            cause: "\(path.quoted) points to \(quotedForMessage(text)), which \(fault).",
            remedy: "Point it to a place in the same folder tree, relative to where the link is.")
    }
}
