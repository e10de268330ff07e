/// `/render` as a Python pickle of protocol 2, which another graphite-web reads from a cluster.
/// Source: graphite-web 1.1.10, render/datalib.py; Python, Lib/pickletools.py.
package enum RenderPickle {
    package static func encode(_ series: [GraphSeries]) -> [UInt8] {
        var bytes: [UInt8] = [0x80, 2, UInt8(ascii: "]"), UInt8(ascii: "(")]
        for one in series {
            bytes.append(contentsOf: "}(".utf8)
            append("name", to: &bytes)
            append(one.name, to: &bytes)
            for (key, value) in [("start", one.start), ("end", one.end), ("step", one.step)] {
                append(key, to: &bytes)
                append(value, to: &bytes)
            }
            append("values", to: &bytes)
            bytes.append(contentsOf: "](".utf8)
            for value in one.consolidated(by: one.valuesPerPoint) { append(value, to: &bytes) }
            bytes.append(UInt8(ascii: "e"))
            append("pathExpression", to: &bytes)
            append(one.pathExpression, to: &bytes)
            append("valuesPerPoint", to: &bytes)
            append(Int64(one.valuesPerPoint), to: &bytes)
            append("consolidationFunc", to: &bytes)
            append(one.consolidation.rawValue, to: &bytes)
            append("xFilesFactor", to: &bytes)
            append(one.xFilesFactor, to: &bytes)
            bytes.append(UInt8(ascii: "u"))
        }
        bytes.append(contentsOf: "e.".utf8)
        return bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "X"))
        withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        bytes.append(0x8A)
        bytes.append(8)
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.isNaN { return bytes.append(UInt8(ascii: "N")) }
        bytes.append(UInt8(ascii: "G"))
        withUnsafeBytes(of: value.bitPattern.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
