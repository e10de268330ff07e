/// Unpacks Snappy's block format. Source: google/snappy, format_description.txt.
package enum Snappy {
    /// The bytes that `packed` stands for, at most `bytesMax`.
    package static func unpacked(_ packed: [UInt8], bytesMax: Int) throws(TelemetryProblem) -> [UInt8] {
        var index = 0
        guard let length = WireReader.varint(packed, &index) else { throw problem("Its length has no end.") }
        guard length <= UInt64(bytesMax) else { throw problem("It has \(length) bytes, and \(bytesMax) are taken.") }
        // A lie about the length costs no memory: two bytes stand for 64 at most.
        guard length <= UInt64(packed.count) * 64 else { throw problem("Its length is not possible.") }
        let count = Int(length)
        var output: [UInt8] = []
        output.reserveCapacity(count)
        while index < packed.count {
            let tag = packed[index]
            index += 1
            if tag & 3 == 0 {
                let literal = try literalLength(tag, packed, &index)
                guard literal <= packed.count - index, literal <= count - output.count else {
                    throw problem("A literal is cut off.")
                }
                output += packed[index..<index + literal]
                index += literal
                continue
            }
            let (copied, offset) = try copy(tag, packed, &index)
            guard offset > 0, offset <= output.count, copied <= count - output.count else {
                throw problem("A copy is of what is not there.")
            }
            let begin = output.count - offset
            if offset >= copied {
                output += output[begin..<begin + copied]
            } else {
                // It overlaps with what it makes: a pattern is repeated.
                for position in 0..<copied { output.append(output[begin + position]) }
            }
        }
        guard output.count == count else { throw problem("It is cut off.") }
        return output
    }

    private static func literalLength(_ tag: UInt8, _ packed: [UInt8], _ index: inout Int) throws(TelemetryProblem)
        -> Int
    {
        let short = Int(tag >> 2)
        guard short >= 60 else { return short + 1 }
        let width = short - 59
        guard let length = little(packed, &index, width) else { throw problem("A length is cut off.") }
        return length + 1
    }

    private static func copy(_ tag: UInt8, _ packed: [UInt8], _ index: inout Int) throws(TelemetryProblem) -> (Int, Int)
    {
        let width = [0, 1, 2, 4][Int(tag & 3)]
        guard let low = little(packed, &index, width) else { throw problem("A copy is cut off.") }
        return width == 1 ? (Int(tag >> 2 & 7) + 4, Int(tag >> 5) << 8 | low) : (Int(tag >> 2) + 1, low)
    }

    private static func little(_ packed: [UInt8], _ index: inout Int, _ width: Int) -> Int? {
        guard packed.count - index >= width else { return nil }
        var number = 0
        for position in 0..<width { number |= Int(packed[index + position]) << (8 * position) }
        index += width
        return number
    }

    private static func problem(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "snappy.invalid", "The body was not unpacked.", cause: cause,
            remedy: "Send it packed with Snappy's block format, as remote_write 1.0 says.")
    }
}
