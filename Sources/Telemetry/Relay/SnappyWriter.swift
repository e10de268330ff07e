/// Packs into Snappy's block format. Source: google/snappy, format_description.txt.
extension Snappy {
    private static let blockBytes = 1 << 16
    private static let hashBits = 14

    static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 2 + 16)
        output.append(varint: bytes.count)
        bytes.withUnsafeBytes { raw in
            var table = [UInt16](repeating: 0, count: 1 << hashBits)
            for start in stride(from: 0, to: raw.count, by: blockBytes) {
                let block = UnsafeRawBufferPointer(rebasing: raw[start..<min(start + blockBytes, raw.count)])
                for index in table.indices { table[index] = 0 }
                pack(block, &table, &output)
            }
        }
        return output
    }

    /// Copies never reach over the beginning of a block, so two bytes hold their offsets.
    private static func pack(_ block: UnsafeRawBufferPointer, _ table: inout [UInt16], _ output: inout [UInt8]) {
        var at = 1
        var literal = 0
        while at + 4 <= block.count {
            let word = block.loadUnaligned(fromByteOffset: at, as: UInt32.self)
            let slot = Int((word &* 0x1E35_A7BD) >> UInt32(32 - hashBits))
            let found = Int(table[slot])
            table[slot] = UInt16(at)
            guard found < at, block.loadUnaligned(fromByteOffset: found, as: UInt32.self) == word else {
                at += 1
                continue
            }
            var length = 4
            while at + length < block.count, block[found + length] == block[at + length] { length += 1 }
            append(literal: block[literal..<at], to: &output)
            append(copy: length, offset: at - found, to: &output)
            at += length
            literal = at
        }
        append(literal: block[literal...], to: &output)
    }

    private static func append(literal: Slice<UnsafeRawBufferPointer>, to output: inout [UInt8]) {
        guard !literal.isEmpty else { return }
        let length = literal.count - 1
        if length < 60 {
            output.append(UInt8(length) << 2)
        } else if length < 1 << 8 {
            output += [60 << 2, UInt8(length)]
        } else {
            output += [61 << 2, UInt8(length & 0xFF), UInt8(length >> 8)]
        }
        output.append(contentsOf: literal)
    }

    private static func append(copy length: Int, offset: Int, to output: inout [UInt8]) {
        var rest = length
        while rest > 0 {
            let piece = min(rest, 64)
            output += [UInt8(piece - 1) << 2 | 2, UInt8(offset & 0xFF), UInt8(offset >> 8)]
            rest -= piece
        }
    }
}
