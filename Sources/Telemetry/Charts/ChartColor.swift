/// A colour that somebody chose: nothing but three bytes, whatever they wrote.
package struct ChartColor: Hashable, Sendable {
    package let red: UInt8
    package let green: UInt8
    package let blue: UInt8

    /// Graphite's names. Source: graphite-web, docs/render_api.rst, "Graph Colors".
    private static let names: [String: UInt32] = [
        "black": 0x000000, "white": 0xFFFFFF, "blue": 0x6464FF, "green": 0x00C800, "red": 0xC80032, "yellow": 0xFFFF00,
        "orange": 0xFFA500, "purple": 0xC864FF, "brown": 0x966432, "cyan": 0x00FFFF, "aqua": 0x009696, "gray": 0xAFAFAF,
        "grey": 0xAFAFAF, "magenta": 0xFF00FF, "pink": 0xFF6464, "gold": 0xC8C800, "rose": 0xC896C8,
        "darkblue": 0x0000FF,
        "darkgreen": 0x00FF00, "darkred": 0xFF0000, "darkgray": 0x6F6F6F, "darkgrey": 0x6F6F6F,
    ]

    /// A name, `RRGGBB`, `#RRGGBB`, or either with two more digits, which are of opacity and left out. Nil if it
    /// is none of these.
    package init?(_ text: String) {
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        let isHexadecimal = (digits.utf8.count == 6 || digits.utf8.count == 8) && digits.allSatisfy(\.isHexDigit)
        guard let code = isHexadecimal ? UInt32(digits.prefix(6), radix: 16) : Self.names[text.lowercased()] else {
            return nil
        }
        (red, green, blue) = (UInt8(code >> 16 & 0xFF), UInt8(code >> 8 & 0xFF), UInt8(code & 0xFF))
    }

    /// As an attribute.
    var paint: Markup { #"color="rgb(\#(red),\#(green),\#(blue))""# }
}
