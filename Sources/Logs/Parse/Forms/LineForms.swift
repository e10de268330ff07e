/// Takes lines apart by their form.
enum LineForms {
    /// - Returns: whether the text has the form; if not, nothing is changed.
    @inline(__always)
    static func parse(_ text: ByteView, as format: LogFormat, _ builder: inout LogBatchBuilder) -> Bool {
        switch format {
        case .auto: return auto(text, &builder)
        case .json: return tried(&builder) { JSONForm.parse(text, &$0) }
        case .logfmt: return tried(&builder) { LogfmtForm.parse(text, &$0, isStrict: false) }
        case .nginx:
            return inside(text, &builder) { AccessForm.parse($0, &$1) }
                || inside(text, &builder) { NginxErrorForm.parse($0, &$1) }
        case .haproxy: return inside(text, &builder) { HAProxyForm.parse($0, &$1) }
        case .syslog: return tried(&builder) { SyslogForm.parse(text, &$0) || SyslogForm.parseFile(text, &$0) }
        }
    }

    /// Leaves the line as it was if a parser fails.
    @inline(__always)
    private static func tried(_ builder: inout LogBatchBuilder, _ body: (inout LogBatchBuilder) -> Bool) -> Bool {
        let mark = RecordMark(builder.line)
        if body(&builder) { return true }
        mark.restore(&builder.line)
        return false
    }

    /// A line of a server, as it is or in an envelope of syslog.
    private static func inside(
        _ text: ByteView, _ builder: inout LogBatchBuilder, _ body: (ByteView, inout LogBatchBuilder) -> Bool
    ) -> Bool {
        if tried(&builder, { body(text, &$0) }) { return true }
        return tried(&builder) { builder in
            guard SyslogForm.parse(text, &builder) || SyslogForm.parseFile(text, &builder) else { return false }
            return body(builder.line.message, &builder)
        }
    }

    /// Guesses the form by the first bytes, and tries what is left.
    static func auto(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        guard text.count > 0 else { return true }
        var text = text
        if text.contains(0x1B) {
            text = ControlText.withoutColours(text, &builder.line.scratch)
            builder.line.message = text
            guard text.count > 0 else { return true }
        }
        switch text[0] {
        case UInt8(ascii: "{"): if tried(&builder, { JSONForm.parse(text, &$0) }) { return true }
        case UInt8(ascii: "<"):
            if tried(&builder, { SyslogForm.parse(text, &$0) }) {
                _ = content(builder.line.message, &builder)
                return true
            }
        default:
            if tried(&builder, { SyslogForm.parseFile(text, &$0) }) {
                _ = content(builder.line.message, &builder)
                return true
            }
            if content(text, &builder) { return true }
            if tried(&builder, { LogfmtForm.parse(text, &$0, isStrict: true) }) { return true }
        }
        return PlainForm.parse(text, &builder)
    }

    /// What programs write, also into an envelope of syslog: objects, and lines with a time in brackets near the front,
    /// as servers of the web write them.
    private static func content(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        guard text.count > 8 else { return false }
        if text[0] == UInt8(ascii: "{") { return tried(&builder) { JSONForm.parse(text, &$0) } }
        guard let bracket = text.slice(0, min(text.count, 256)).index(of: UInt8(ascii: "[")), bracket + 12 < text.count
        else { return false }
        if ByteView.isDigit(text[bracket + 1]), text[bracket + 3] == UInt8(ascii: "/") {
            return tried(&builder) { AccessForm.parse(text, &$0) } || tried(&builder) { HAProxyForm.parse(text, &$0) }
        }
        guard bracket == 0 || bracket == 20 else { return false }
        return tried(&builder) { NginxErrorForm.parse(text, &$0) }
    }
}
