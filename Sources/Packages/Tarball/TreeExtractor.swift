import Core

/// Writes a package's entries below a folder that nobody else knows yet.
///
/// A folder's entry comes before what is in it, so the extractor holds the folders of the path
/// where it is, and makes each thing by its last component in the innermost of them. There is
/// no path that could be looked up, and therefore no link that could be followed.
struct TreeExtractor {
    private let root: Folder
    private var open: [(path: EntryPath, folder: Folder)] = []

    init(root: Folder) { self.root = root }

    mutating func extract(_ reader: inout TarReader) throws(Problem) {
        let writer = FileWriter()
        defer { writer.wait() }
        while let entry = try reader.next() {
            let parent = try folder(of: entry.path)
            let name = String(entry.path.name)
            switch entry.kind {
            case .folder: open.append((entry.path, try parent.makeFolder(name)))
            case .link(let target): try parent.makeLink(name, to: target.text)
            case .file(let size, let isExecutable) where size <= FileWriter.fileBytesMax:
                try writer.add(name, in: parent, isExecutable: isExecutable) { (bytes) throws(Problem) in
                    try reader.readContents { (chunk) throws(Problem) in bytes += chunk }
                }
            case .file(_, let isExecutable):
                let file = try parent.makeFile(name, isExecutable: isExecutable)
                try reader.readContents { (chunk) throws(Problem) in try file.write(chunk) }
            }
        }
        try writer.finish()
    }

    private mutating func folder(of path: EntryPath) throws(Problem) -> Folder {
        let parent = path.parent
        while let last = open.last, !last.path.text.utf8.elementsEqual(parent.utf8) { open.removeLast() }
        if let last = open.last { return last.folder }
        guard parent.isEmpty else { throw TarHeader.unsafe("\(path.quoted) is in no folder of the package.") }
        return root
    }
}
