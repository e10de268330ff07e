/// Python's `format % number`.
enum PythonFormat {
    /// Nil if the format does not take exactly one number.
    static func text(_ format: String, _ value: Double) -> String? {
        var result = ""
        var rest = format[...]
        var isUsed = false
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[percent...].dropFirst()
            let flags = rest.prefix { "-+ 0#".contains($0) }
            rest = rest.dropFirst(flags.count)
            let width = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(width.count)
            var places: Int?
            if rest.first == "." {
                let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(1 + digits.count)
                places = Int(digits) ?? 0
            }
            guard let kind = rest.popFirst(), width.count < 4, places ?? 0 < 100 else { return nil }
            if kind == "%" {
                result += "%"
                continue
            }
            guard !isUsed, let text = one(kind, value, places) else { return nil }
            isUsed = true
            result += padded(text, String(flags), Int(width) ?? 0, value)
        }
        return isUsed ? result + rest : nil
    }

    private static func one(_ kind: Character, _ value: Double, _ places: Int?) -> String? {
        switch kind {
        case "d", "i": value.isFinite ? PythonNumber.integer(value) : nil
        case "f", "F": PythonNumber.fixed(value, places ?? 6)
        case "g", "G": PythonNumber.general(value, places ?? 6)
        case "s", "r":
            places.map { String(PythonNumber.text(value).prefix($0)) } ?? PythonNumber.text(value)
        default: nil
        }
    }

    private static func padded(_ text: String, _ flags: String, _ width: Int, _ value: Double) -> String {
        var text = text
        if value >= 0, flags.contains("+") {
            text = "+" + text
        } else if value >= 0, flags.contains(" ") {
            text = " " + text
        }
        let gap = max(0, width - text.count)
        if flags.contains("-") { return text + String(repeating: " ", count: gap) }
        if flags.contains("0") {
            let sign = text.prefix { "+- ".contains($0) }
            return sign + String(repeating: "0", count: gap) + text.dropFirst(sign.count)
        }
        return String(repeating: " ", count: gap) + text
    }
}
