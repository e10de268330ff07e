/// One thing in a package.
struct TarEntry: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case folder
        case file(size: Int64, isExecutable: Bool)
        case link(LinkTarget)
    }

    let path: EntryPath
    let kind: Kind

    /// Bytes of contents that follow the header.
    var size: Int64 { if case .file(let size, _) = kind { size } else { 0 } }
}
