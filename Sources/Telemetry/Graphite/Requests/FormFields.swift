/// The fields of a request: of its query and of a form in its body, decoded, in order.
package struct FormFields: Sendable {
    package var pairs: [(name: String, value: String)]

    package init(_ pairs: [(name: String, value: String)]) { self.pairs = pairs }

    /// Reads `a=b&c=d` with `+` and `%41`. What is not UTF-8 is replaced.
    package init(encoded text: some Sequence<UInt8>) {
        pairs = Array(text).split(separator: UInt8(ascii: "&")).map { field in
            let name = field.prefix { $0 != UInt8(ascii: "=") }
            return (Self.decode(name), Self.decode(field.dropFirst(name.count + 1)))
        }
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var at = bytes.startIndex
        while at < bytes.endIndex {
            let byte = bytes[at]
            if byte == UInt8(ascii: "%"), at + 2 < bytes.endIndex, let high = digit(bytes[at + 1]),
                let low = digit(bytes[at + 2])
            {
                decoded.append(high << 4 | low)
                at += 3
                continue
            }
            decoded.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            at += 1
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46, 0x61...0x66: (byte | 0x20) - 0x61 + 10
        default: nil
        }
    }

    /// The last value of a field, as forms are read.
    package subscript(name: String) -> String? { pairs.last { $0.name == name }?.value }

    /// All values of a field, also when it is written `name[]`.
    package func all(_ name: String) -> [String] {
        let plain = pairs.filter { $0.name == name }
        return (plain.isEmpty ? pairs.filter { $0.name == name + "[]" } : plain).map(\.value)
    }

    /// A field that is on when it is `1` or `true`.
    package func flag(_ name: String) -> Bool {
        ["1", "true"].contains(self[name]?.lowercased() ?? "")
    }
}
