import Core

/// Goes through the folders of a repository.
extension SchemaReader {
    func declarations() -> Declarations {
        reportStrangers()
        var declarations = Declarations()
        for name in names(in: "fabrics") {
            guard let fabric = fabric(file: "fabrics/\(name).yaml", name: name) else { continue }
            declarations.fabrics[fabric.name.value] = fabric
        }
        for name in names(in: "classes") {
            guard let hostClass = hostClass(file: "classes/\(name).yaml", name: name) else { continue }
            declarations.classes[hostClass.name.value] = hostClass
        }
        for name in names(in: "hosts") {
            for host in hosts(file: "hosts/\(name).yaml", name: name) { add(host, to: &declarations) }
        }
        for name in names(in: "apps") {
            guard let app = app(file: "apps/\(name).yaml", name: name) else { continue }
            declarations.apps[app.name.value] = app
        }
        for name in names(in: "balancers") {
            guard let balancer = balancer(file: "balancers/\(name).yaml", name: name) else { continue }
            declarations.balancers[balancer.name.value] = balancer
        }
        for name in names(in: "dashboards") {
            guard let dashboard = dashboard(file: "dashboards/\(name).yaml", name: name) else { continue }
            declarations.dashboards[dashboard.name] = dashboard
        }
        if names(in: "fabrics").isEmpty {
            log.error(
                "fabric.none", at: SourcePosition(file: "fabrics"), "The repository has no fabric.",
                hint: "write fabrics/NAME.yaml with `fabric: NAME`, or start with `apus init`")
        }
        unreadFolders = FileTree.readFolders.filter { log.hasErrors(in: "\($0)/") }
        return declarations
    }

    private func add(_ host: HostDeclaration, to declarations: inout Declarations) {
        if let other = declarations.hosts[host.name.value] {
            log.error(
                "host.duplicate", at: host.name.position, "Host \(host.name.value) is declared already.",
                cause: "It is in \(other.name.position.file):\(other.name.position.line).", hint: "keep one of them")
            return
        }
        declarations.hosts[host.name.value] = host
    }

    /// Files that look as if they were meant to be read, and are not.
    private func reportStrangers() {
        for path in tree.files.keys.sorted() {
            let segments = path.split(separator: "/")
            guard let folder = segments.first.map(String.init), FileTree.readFolders.contains(folder) else { continue }
            let position = SourcePosition(file: path)
            if path.hasSuffix(".yml") {
                log.error("file.name", at: position, "Files of \(folder)/ end with .yaml.", hint: "rename it")
            } else if path.hasSuffix(".yaml"), segments.count > 2 {
                log.error(
                    "file.depth", at: position, "\(folder)/ has no folders of its own.",
                    hint: "move the file to \(folder)/")
            } else if segments.count == 1 {
                log.error("file.name", at: position, "\(folder) must be a folder.")
            }
        }
        let known = Set(FileTree.folders)
        for folder in tree.rootFolders.subtracting(known).sorted() {
            guard let meant = Suggestion.nearest(to: folder, in: FileTree.readFolders), folder.count > 2 else {
                continue
            }
            log.warning(
                "folder.unknown", at: SourcePosition(file: folder), "Nothing in \(quotedForMessage(folder)) is read.",
                hint: "did you mean `\(meant)`?")
        }
    }
}
