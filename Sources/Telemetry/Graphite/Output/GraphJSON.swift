/// Text in JSON, appended to bytes.
enum GraphJSON {
    static func append(_ text: some StringProtocol, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hexadecimal(byte >> 4))
                bytes.append(hexadecimal(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    /// A value as Graphite writes it: nothing is null, infinity a number that is too large.
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.isFinite { return PythonNumber.append(value, to: &bytes) }
        bytes.append(contentsOf: (value.isNaN ? "null" : value < 0 ? "-1e9999" : "1e9999").utf8)
    }

    static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        PythonNumber.appendDigits(value.magnitude, to: &bytes)
    }

    /// Appends what `each` writes of every element, with commas between.
    static func list<Element>(
        _ elements: some Sequence<Element>, to bytes: inout [UInt8], _ each: (Element, inout [UInt8]) -> Void
    ) {
        var isFirst = true
        for element in elements {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            each(element, &bytes)
        }
    }
}
