package import SystemPackage

extension SeriesStore {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// Throws if another process has it, or if what it consists of cannot be known. A damaged block is moved
    /// into the folder `damaged`, the end of the log that a lost process left is cut off; the report says both.
    ///
    /// - Parameters:
    ///   - seed: secret, so that nobody can choose names that are slow to look up.
    ///   - clock: seconds since 1970.
    package static func open(
        _ folder: FilePath, _ options: SeriesStoreOptions, on files: any FileSystem = Disk(), seed: UInt64,
        clock: @escaping @Sendable () -> Int64
    ) throws(TelemetryProblem) -> (store: SeriesStore, report: SeriesStoreReport) {
        var report = SeriesStoreReport()
        let claim: any Sendable
        var manifest: Manifest
        let isNew: Bool
        do throws(FileFault) {
            try files.makeFolder(blockFolder(folder))
            claim = try files.claim(folder.appending("lock"))
            isNew = !(try files.list(folder)).contains(Manifest.name)
        } catch {
            throw error.problem("The store of series was not opened.")
        }
        manifest = isNew ? Manifest() : try readManifest(folder, files)
        var state = StoreState(
            rules: RetentionRules(options.rules), seriesMax: options.seriesMax, futureMax: options.futureMax,
            manifest: manifest, seed: seed)
        let now = clock()
        try readNames(manifest, folder, files, into: &state)
        try openBlocks(&manifest, folder, files, into: &state, &report)
        var hint = 0
        let (log, recovery) = try WriteAheadLog.open(
            logFolder(folder), on: files, from: manifest.log, isThere: !isNew,
            segmentBytesMax: options.segmentBytesMax
        ) { record throws(TelemetryProblem) in
            guard let points = state.replay(record, now: now, hint: &hint) else {
                throw TelemetryProblem(
                    "series.log-unknown", "The store of series was not opened.",
                    cause: "Its log has a record that this version does not know.",
                    remedy: "Start the version that wrote it, or a newer one.")
            }
            report.points += points
        }
        report.dropped += recovery.dropped.map(\.description)
        report.series = state.table.liveCount
        do throws(FileFault) {
            if isNew || manifest.blocks.count < report.blocksExpected {
                try files.replace(folder.appending(Manifest.name), with: manifest.bytes)
            }
            try removeLeftovers(manifest, folder, files)
        } catch {
            throw error.problem("The store of series was not opened.")
        }
        let store = SeriesStore(
            folder: folder, files: files, options: options, clock: clock, claim: claim, log: log, manifest: manifest,
            state: state)
        return (store, report)
    }

    private static func readManifest(
        _ folder: FilePath, _ files: any FileSystem
    ) throws(TelemetryProblem) -> Manifest {
        let path = folder.appending(Manifest.name)
        do throws(FileFault) {
            if let manifest = Manifest(try files.contents(path)) { return manifest }
        } catch {
            throw error.problem("The store of series was not opened.")
        }
        throw TelemetryProblem(
            "series.manifest-damaged", "The store of series was not opened.",
            cause: "\(path), which says what belongs to it, is damaged or of a newer version.",
            remedy: "Put the store's folder back from a backup, or start the newer version.")
    }

    private static func readNames(
        _ manifest: Manifest, _ folder: FilePath, _ files: any FileSystem, into state: inout StoreState
    ) throws(TelemetryProblem) {
        guard manifest.names != 0 else { return }
        var entries: [SeriesCatalog.Entry] = []
        try SeriesCatalog.read(
            SeriesCatalog.path(manifest.names, in: folder), size: manifest.namesBytes, on: files
        ) { entries.append($0) }
        for entry in entries {
            guard let source = state.table.place(of: SourceName(entry.source)) else { continue }
            var name = entry.name
            name.withUTF8 { utf8 in
                _ = state.add(
                    UnsafeRawBufferPointer(utf8), number: entry.number, source: source, now: entry.last)
            }
        }
        state.hasNewNames = false
    }

    private static func openBlocks(
        _ manifest: inout Manifest, _ folder: FilePath, _ files: any FileSystem, into state: inout StoreState,
        _ report: inout SeriesStoreReport
    ) throws(TelemetryProblem) {
        let blocks = blockFolder(folder)
        report.blocksExpected = manifest.blocks.count
        for info in manifest.blocks {
            do throws(TelemetryProblem) {
                state.blocks[info.step, default: []].append(try Block(info, in: blocks, on: files))
            } catch {
                // A disk that does not answer is no damage: another start may find the block whole.
                guard error.code == "series.block-damaged" || error.cause.contains("No such file") else { throw error }
                report.dropped.append("\(error.cause) \(error.remedy)")
                manifest.blocks.removeAll { $0 == info }
                setAside(info, blocks, folder.appending("damaged"), files)
            }
        }
        for step in state.blocks.keys {
            state.blocks[step]?.sort { $0.info.generations.lowerBound < $1.info.generations.lowerBound }
        }
    }

    private static func setAside(_ info: BlockInfo, _ blocks: FilePath, _ damaged: FilePath, _ files: any FileSystem) {
        try? files.makeFolder(damaged)
        try? files.rename(BlockInfo.path(info.file, in: blocks), to: BlockInfo.path(info.file, in: damaged))
    }

    /// Removes files that a lost process began and did not come to name.
    static func removeLeftovers(
        _ manifest: Manifest, _ folder: FilePath, _ files: any FileSystem
    ) throws(FileFault) {
        let known = Set(manifest.blocks.map { fileNumber($0.file) + ".block" })
        for name in try files.list(blockFolder(folder)) where !known.contains(name) {
            try files.remove(blockFolder(folder).appending(name))
        }
        let names = fileNumber(manifest.names) + ".names"
        for name in try files.list(folder) where name.hasSuffix(".names") && name != names || name.hasSuffix(".new") {
            try files.remove(folder.appending(name))
        }
    }
}
