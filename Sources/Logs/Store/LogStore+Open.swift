package import SystemPackage
package import Telemetry

extension LogStore {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// Throws if another process has it, or if what it consists of cannot be known. A damaged segment is moved into
    /// the folder `damaged`, the end of the log that a lost process left is cut off; the report says both.
    ///
    /// - Parameters:
    ///   - archive: where segments are whose blocks were evicted.
    ///   - clock: nanoseconds since 1970.
    package static func open(
        _ folder: FilePath, _ options: LogStoreOptions, on files: any FileSystem = Disk(),
        archive: (any LogArchive)? = nil, clock: @escaping @Sendable () -> Int64
    ) throws(TelemetryProblem) -> (store: LogStore, report: LogStoreReport) {
        var report = LogStoreReport()
        let damage = DamageCount()
        let claim: any Sendable
        let isNew: Bool
        do throws(FileFault) {
            try files.makeFolder(segmentFolder(folder))
            claim = try files.claim(folder.appending("lock"))
            isNew = !(try files.list(folder)).contains(LogManifest.name)
        } catch {
            throw error.problem("The store of lines was not opened.")
        }
        var manifest = isNew ? LogManifest() : try readManifest(folder, files)
        var state = LogStoreState(retention: options.retention, manifest: manifest)
        let known = manifest.segments.count
        state.segments = try openSegments(&manifest, folder, files, damage, &report)
        let now = clock()
        let (log, recovery) = try WriteAheadLog.open(
            logFolder(folder), on: files, from: manifest.log, isThere: !isNew
        ) { record throws(TelemetryProblem) in
            guard let (batch, delivery) = StoredBatch.decode(record) else {
                throw TelemetryProblem(
                    "logs.log-unknown", "The store of lines was not opened.",
                    cause: "Its log has a record that this version does not know.",
                    remedy: "Start the version that wrote it, or a newer one.")
            }
            report.lines += batch.lines.count
            _ = state.take(batch, delivery, options, now: now)
        }
        state.counts = LogStoreStatistics()
        report.dropped += recovery.dropped.map(\.description)
        do throws(FileFault) {
            if isNew || manifest.segments.count < known {
                try files.replace(folder.appending(LogManifest.name), with: manifest.bytes)
            }
            try removeLeftovers(manifest, folder, files)
        } catch {
            throw error.problem("The store of lines was not opened.")
        }
        let store = LogStore(
            folder: folder, files: files, options: options, clock: clock, archive: archive, claim: claim, log: log,
            manifest: manifest, state: state, damage: damage)
        return (store, report)
    }

    private static func readManifest(
        _ folder: FilePath, _ files: any FileSystem
    ) throws(TelemetryProblem) -> LogManifest {
        let path = folder.appending(LogManifest.name)
        do throws(FileFault) {
            if let manifest = LogManifest(try files.contents(path)) { return manifest }
        } catch {
            throw error.problem("The store of lines was not opened.")
        }
        throw TelemetryProblem(
            "logs.manifest-damaged", "The store of lines was not opened.",
            cause: "\(path), which says what belongs to it, is damaged or of a newer version.",
            remedy: "Put the store's folder back from a backup, or start the newer version.")
    }

    private static func openSegments(
        _ manifest: inout LogManifest, _ folder: FilePath, _ files: any FileSystem, _ damage: DamageCount,
        _ report: inout LogStoreReport
    ) throws(TelemetryProblem) -> [StoredSegment] {
        var segments: [StoredSegment] = []
        for info in manifest.segments {
            let path = path(info, in: folder)
            do throws(TelemetryProblem) {
                segments.append(
                    try StoredSegment(path, number: info.number, missing: info.missing, on: files, damage))
            } catch {
                // A disk that does not answer is no damage: another start may find the segment whole.
                guard error.code == "logs.segment-damaged" || error.cause.contains("No such file") else { throw error }
                report.dropped.append("\(error.cause) \(error.remedy)")
                manifest.segments.removeAll { $0 == info }
                let damaged = folder.appending("damaged")
                try? files.makeFolder(damaged)
                if let name = path.lastComponent { try? files.rename(path, to: damaged.appending(name)) }
            }
        }
        report.segments = segments.count
        return segments
    }

    /// Removes files that a lost process began and did not come to name.
    private static func removeLeftovers(
        _ manifest: LogManifest, _ folder: FilePath, _ files: any FileSystem
    ) throws(FileFault) {
        let known = Set(manifest.segments.compactMap { path($0, in: folder).lastComponent?.string })
        for name in try files.list(segmentFolder(folder)) where !known.contains(name) {
            try files.remove(segmentFolder(folder).appending(name))
        }
        for name in try files.list(folder) where name.hasSuffix(".new") {
            try files.remove(folder.appending(name))
        }
    }
}
