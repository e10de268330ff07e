import Core

/// What the readers of all kinds of files share: the tree, the log, and what was used by whom.
final class SchemaReader {
    static let labelsMax = 64
    static let templateBytesMax = 256 << 10

    let tree: FileTree
    let log: DiagnosticLog
    var uses: Set<ConfigurationUse> = []
    /// Folders with a file that could not be read whole: names that are missing may be in it.
    var unreadFolders: Set<String> = []

    init(tree: FileTree, log: DiagnosticLog) {
        self.tree = tree
        self.log = log
    }

    /// The names of a folder's YAML files, without the ending.
    func names(in folder: String) -> [String] {
        tree.files.keys.filter { $0.hasPrefix("\(folder)/") && $0.hasSuffix(".yaml") }
            .map { String($0.dropFirst(folder.count + 1).dropLast(5)) }.filter { !$0.contains("/") }.sorted()
    }

    func value(ofFile path: String) -> YAMLValue? {
        switch tree.files[path] {
        case .bytes(let bytes): return YAMLFile.read(bytes, file: path, log: log)
        case .tooLarge(let count):
            log.error(
                "file.size", at: SourcePosition(file: path), "The file is larger than \(YAMLFile.bytesMax >> 10) KiB.",
                cause: "It has \(count) bytes.", hint: "split it into several files")
        case .special:
            log.error(
                "file.link", at: SourcePosition(file: path), "This is a link and not a file.",
                hint: "write the file itself")
        case nil: preconditionFailure("only paths of the tree are read")
        }
        return nil
    }

    /// The name inside of a file, which must be the file's own.
    func name<N: Name>(_ key: String, in reader: MappingReader, fileName: String, as type: N.Type) -> Located<N>? {
        guard reader.has(key) else {
            reader.reportMissing(key, hint: "write `\(key): \(fileName)`")
            return nil
        }
        guard let value = reader.value(key), let name = log.name(value, of: key, as: type) else { return nil }
        guard name.value.text == fileName else {
            log.error(
                "name.file", at: name.position, "The \(N.noun) is called \(name.value) and its file \(fileName).yaml.",
                hint: "use one name for both")
            return name
        }
        return name
    }

    func labels(_ reader: MappingReader) -> [String: String] {
        guard reader.has("labels") else { return [:] }
        var labels: [String: String] = [:]
        let entries = reader.entries("labels")
        if entries.count > Self.labelsMax {
            log.error("value.range", at: reader.keyPosition("labels"), "There are more than \(Self.labelsMax) labels.")
        }
        for entry in entries.prefix(Self.labelsMax) {
            let key = log.parse(Located(entry.key, at: entry.keyPosition), Checks.labelKey)
            let value = log.text(entry.value, of: entry.key).flatMap { log.parse($0, Checks.labelValue) }
            if let key, let value { labels[key.value] = value.value }
        }
        return labels
    }

    static let selectorKeys: Set<String> = ["class", "hosts", "labels"]

    /// `on:`, which hosts something may run on.
    func selector(_ reader: MappingReader) -> SelectorDeclaration? {
        guard let on = reader.mapping("on", noun: "`on`", keys: Self.selectorKeys) else { return nil }
        var selector = SelectorDeclaration(position: reader.keyPosition("on"))
        selector.hosts = on.list("hosts").compactMap { log.name($0, of: "hosts", as: HostName.self) }
        selector.hostClass = on.value("class").flatMap { log.name($0, of: "class", as: HostClassName.self) }
        selector.labels = labels(on)
        if selector.selector.isUnrestricted {
            log.error(
                "selector.empty", at: selector.position, "`on` admits no host.", hint: "name hosts, a class or labels")
        }
        return selector
    }

    /// The text of a file that another file names: a template or a certificate.
    func attachment(_ path: Located<String>, folder: String, noun: String) -> String? {
        guard let checked = log.parse(path, Checks.relativePath)?.value else { return nil }
        guard checked.hasPrefix("\(folder)/") else {
            log.error(
                "\(noun).folder", at: path.position, "A \(noun) must be a file of \(folder)/.",
                cause: "\(quotedForMessage(checked)) was found.", hint: "move it to \(folder)/ and write \(folder)/NAME"
            )
            return nil
        }
        switch tree.files[checked] {
        case .bytes(let bytes):
            return SourceText.checked(bytes, file: checked, bytesMax: Self.templateBytesMax, log: log)
        case .tooLarge(let count):
            log.error("file.size", at: path.position, "The \(noun) is too large.", cause: "It has \(count) bytes.")
        case .special:
            log.error(
                "file.link", at: path.position, "The \(noun) is a link and not a file.", hint: "write the file itself")
        case nil:
            let candidates = tree.files.keys.filter { $0.hasPrefix("\(folder)/") }
            log.error(
                "\(noun).missing", at: path.position, "There is no file \(quotedForMessage(checked)).",
                hint: Suggestion.hint(for: checked, in: candidates) ?? "add it to the repository")
        }
        return nil
    }
}
