import Core
import SystemPackage

/// Copies a source, so that a build can write into it.
enum SourceCopy {
    /// What is never part of a package.
    static let ignored: Set<String> = [".git"]

    /// - Parameter target: an empty folder.
    static func make(of source: FilePath, in target: FilePath, limits: UnpackLimits) throws(Problem) {
        var open: [(path: EntryPath, folder: Folder)] = []
        let root = try Folder.open(target)
        var bytes: Int64 = 0
        var entries = 0
        try TreeWalk(ignored: ignored).visit(Folder.open(source)) { (path, found) throws(Problem) in
            entries += 1
            try limits.check(entries: entries)
            while let last = open.last, !last.path.text.utf8.elementsEqual(path.parent.utf8) { open.removeLast() }
            let parent = open.last?.folder ?? root
            let name = String(path.name)
            switch found {
            case .folder: open.append((path, try parent.makeFolder(name)))
            case .link(let target): try parent.makeLink(name, to: target)
            case .file(let contents, let size, let isExecutable):
                bytes += size
                try limits.check(unpackedBytes: bytes)
                let file = try parent.makeFile(name, isExecutable: isExecutable)
                try contents.readAll { (chunk) throws(Problem) in try file.write(chunk) }
            }
        }
    }
}
