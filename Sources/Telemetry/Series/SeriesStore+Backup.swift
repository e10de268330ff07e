import Synchronization
package import SystemPackage

extension SeriesStore {
    /// Copies the store as it is at one moment into a new folder, which is then a store by itself. Points
    /// are taken meanwhile; blocks are not changed until it is done.
    package func backup(to target: FilePath) throws(TelemetryProblem) {
        do throws(FileFault) {
            guard try !hasStore(target) else {
                throw FileFault(.create, target.appending(Manifest.name), .fileExists)
            }
            try maintenance.withLock { maintenance throws(FileFault) in
                try copy(maintenance.manifest, to: target)
            }
        } catch {
            throw error.problem("The backup to \(target) was not made.")
        }
    }

    private func hasStore(_ folder: FilePath) throws(FileFault) -> Bool {
        try files.makeFolder(folder)
        return try files.list(folder).contains(Manifest.name)
    }

    private func copy(_ manifest: Manifest, to target: FilePath) throws(FileFault) {
        let (source, copied) = (Self.logFolder(folder), Self.logFolder(target))
        try files.makeFolder(Self.blockFolder(target))
        try files.makeFolder(copied)
        try log.sync(through: log.end)
        let next = try log.cut()
        for name in try files.list(source) {
            guard let number = LogSegment.number(of: name), number >= manifest.log, number < next else { continue }
            try files.copy(source.appending(name), to: copied.appending(name))
        }
        for block in manifest.blocks {
            try files.copy(
                BlockInfo.path(block.file, in: blockFolder),
                to: BlockInfo.path(block.file, in: Self.blockFolder(target)))
        }
        if manifest.names != 0 {
            try files.copy(
                SeriesCatalog.path(manifest.names, in: folder), to: SeriesCatalog.path(manifest.names, in: target))
        }
        try files.syncFolder(copied)
        try files.syncFolder(Self.blockFolder(target))
        // The manifest makes it a store, so it comes last.
        try files.replace(target.appending(Manifest.name), with: manifest.bytes)
    }
}

extension FileSystem {
    /// Copies a file that does not change, and makes the copy's content safe.
    fileprivate func copy(_ path: FilePath, to target: FilePath) throws(FileFault) {
        let file = try open(path)
        let copy = try create(target)
        var offset = 0
        while true {
            let bytes = try file.read(1 << 20, at: offset)
            if bytes.isEmpty { break }
            try copy.append(bytes)
            offset += bytes.count
        }
        try copy.sync()
    }
}
