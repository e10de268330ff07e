import Telemetry

/// Where the bytes of a sealed block are: header, then parts.
final class BlockBytes {
    private enum Place {
        case memory([UInt8])
        case file(any StoredFile, offset: Int)
    }

    private let place: Place
    private let name: String
    private let headerBytes: Int
    private let damage: DamageCount
    private(set) var bytesRead = 0

    init(_ block: SealedBlock, _ damage: DamageCount) {
        place = .memory(block.bytes)
        name = "A block in memory"
        headerBytes = block.summary.headerBytes
        self.damage = damage
    }

    init(_ file: any StoredFile, offset: Int, name: String, headerBytes: Int, _ damage: DamageCount) {
        place = .file(file, offset: offset)
        self.name = "The block at byte \(offset) of \(name)"
        self.headerBytes = headerBytes
        self.damage = damage
    }

    func header(checksum: UInt32) throws(TelemetryProblem) -> [UInt8] {
        let bytes = try read(0, headerBytes)
        guard bytes.count == headerBytes, Checksum.of(bytes) == checksum else { throw damaged() }
        return bytes
    }

    /// A part, unpacked.
    func part(_ part: BlockPart) throws(TelemetryProblem) -> [UInt8] {
        if part.plain == 0 { return [] }
        let bytes = try read(headerBytes + part.offset, part.stored)
        guard bytes.count == part.stored, Checksum.of(bytes) == part.checksum else { throw damaged() }
        if part.stored == part.plain { return bytes }
        guard let plain = bytes.withUnsafeBytes({ Unpacker.unpack($0, count: part.plain) }) else { throw damaged() }
        bytesRead += plain.count
        return plain
    }

    private func read(_ offset: Int, _ count: Int) throws(TelemetryProblem) -> [UInt8] {
        bytesRead += count
        switch place {
        case .memory(let bytes):
            return Array(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
        case .file(let file, let start):
            do throws(FileFault) {
                return try file.read(count, at: start + offset)
            } catch {
                throw error.problem("\(name) was not read.")
            }
        }
    }

    func damaged() -> TelemetryProblem {
        damage.add()
        return TelemetryProblem(
            "logs.block-damaged", "Lines were not read.", cause: "\(name) is damaged: its checksums do not fit.",
            remedy:
                "Other blocks are read as ever. Look at the disk, and put the file back from a backup if there is one.")
    }
}
