package import SystemPackage

/// What opening a log found.
package struct LogRecovery: Sendable {
    package var segments = 0
    package var records = 0
    package var bytes = 0
    /// What could not be read and is set aside, in words for people.
    package var dropped: [Loss] = []

    fileprivate mutating func miss(_ number: UInt64, _ count: UInt64) {
        let reason = count == 1 ? "the file is not there" : "this and the next, \(count) in all, are not there"
        dropped.append(Loss(file: fileNumber(number) + ".log", offset: 0, bytes: 0, reason: reason))
    }

    /// Bytes that were in a file and are not used.
    package struct Loss: Hashable, Sendable, CustomStringConvertible {
        package var file: String
        package var offset: Int
        package var bytes: Int
        package var reason: String

        package var description: String { "\(file) from byte \(offset): \(bytes) bytes, \(reason)" }
    }
}

extension WriteAheadLog {
    /// Reads the segments from number `first` on, oldest first, and goes on in a new one behind them.
    ///
    /// Where a record is cut off or damaged, the rest of its segment is dropped: it is put into a file beside
    /// it (`….dropped`), cut off, and listed in the recovery. At the end of the last segment that is what a
    /// lost process leaves of a record that nobody was told is safe.
    ///
    /// - Parameter isThere: whether segment `first` was known to be on the disk.
    package static func open(
        _ folder: FilePath, on files: any FileSystem, from first: UInt64, isThere: Bool = false,
        segmentBytesMax: Int = 64 << 20, record: (UnsafeRawBufferPointer) throws(TelemetryProblem) -> Void
    ) throws(TelemetryProblem) -> (log: WriteAheadLog, recovery: LogRecovery) {
        do {
            try files.makeFolder(folder)
            var numbers: [UInt64] = []
            for name in try files.list(folder) {
                guard let number = LogSegment.number(ofAny: name) else { continue }
                if number < first {
                    try files.remove(folder.appending(name))
                } else if LogSegment.number(of: name) != nil {
                    numbers.append(number)
                }
            }
            var recovery = LogRecovery()
            var expected = first
            if numbers.isEmpty, isThere { recovery.miss(first, 1) }
            for number in numbers {
                if number != expected { recovery.miss(expected, number - expected) }
                try read(number, in: folder, on: files, into: &recovery, record)
                expected = number + 1
            }
            let log = try WriteAheadLog(folder, on: files, next: expected, segmentBytesMax: segmentBytesMax)
            return (log, recovery)
        } catch let fault as FileFault {
            throw fault.problem("The log in \(folder) was not opened.")
        } catch let problem as TelemetryProblem {
            throw problem
        } catch {
            preconditionFailure("only faults of files and problems of records are thrown: \(error)")
        }
    }

    private static func read(
        _ number: UInt64, in folder: FilePath, on files: any FileSystem, into recovery: inout LogRecovery,
        _ record: (UnsafeRawBufferPointer) throws(TelemetryProblem) -> Void
    ) throws {
        let path = LogSegment.path(number, in: folder)
        let bytes = try files.contents(path)
        let whole = try bytes.withUnsafeBytes { raw throws(TelemetryProblem) in
            try LogSegment.read(raw, number: number) { payload throws(TelemetryProblem) in
                recovery.records += 1
                try record(payload)
            }
        }
        recovery.segments += 1
        recovery.bytes += whole
        guard whole < bytes.count else { return }
        let name = fileNumber(number) + ".log"
        recovery.dropped.append(
            .init(
                file: name, offset: whole, bytes: bytes.count - whole,
                reason: "a record that is cut off or damaged, and what is behind it"))
        try files.replace(folder.appending(name + ".dropped"), with: Array(bytes[whole...]))
        // A segment without a head holds nothing; the next run must not take it for a damaged one.
        if whole == 0 {
            try files.replace(path, with: LogSegment.head(number))
        } else {
            try files.truncate(path, to: whole)
        }
    }
}
