/// Messages of syslog: RFC 5424, RFC 3164 as programs write it, and lines of the files that daemons make of them.
enum SyslogForm {
    private static let facilities: [StaticString] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
        "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]

    /// A message with its priority in front.
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        guard let (priority, count) = priority(text) else { return false }
        let rest = text.dropFirst(count)
        builder.line.level = LogLevel(syslog: priority & 7) ?? .none
        let facility = facilities[priority >> 3]
        builder.line.set(
            ProgramNames.facility, ByteView(facility.utf8Start, facility.utf8CodeUnitCount))
        if rest.starts(with: "1 "), modern(rest.dropFirst(2), &builder) { return true }
        old(rest, &builder)
        return true
    }

    /// A line of a file: without a priority, and with a time, a host and a program.
    static func parseFile(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        guard text.count > 20 else { return false }
        let isISO = ByteView.isDigit(text[0])
        if isISO ? text[10] != UInt8(ascii: "T") : text[3] != 0x20 { return false }
        guard let found = TimeText.prefix(text, now: builder.line.now), found.hasZone == isISO,
            found.count < text.count, text[found.count] == 0x20
        else { return false }
        var scanner = FormScanner(text.dropFirst(found.count + 1))
        guard let host = scanner.word(), host.count > 0, LevelText.level(host) == nil, isHost(host),
            let tag = tag(scanner.rest), tag.pid != nil || !isISO
        else { return false }
        builder.line.setTime(found.time)
        builder.line.set(ProgramNames.host, host)
        take(tag, scanner.rest, &builder.line)
        if let level = LevelText.leading(builder.line.message) { builder.line.level = level }
        return true
    }

    /// `<165>`: facility times 8 and severity, 0 to 191.
    private static func priority(_ text: ByteView) -> (Int, Int)? {
        guard text.count >= 3, text[0] == 0x3C else { return nil }
        var (number, index) = (0, 1)
        while index < text.count, index <= 4, ByteView.isDigit(text[index]) {
            number = number * 10 + Int(text[index] - 0x30)
            index += 1
        }
        guard index > 1, index < text.count, text[index] == 0x3E, number <= 191 else { return nil }
        return (number, index + 1)
    }

    // MARK: RFC 5424

    private static func modern(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var scanner = FormScanner(text)
        guard let stamp = scanner.word(), let host = scanner.word(), let app = scanner.word(),
            let pid = scanner.word(), let messageID = scanner.word()
        else { return false }
        if !stamp.equals("-") {
            guard let time = TimeText.time(stamp, now: builder.line.now) else { return false }
            builder.line.setTime(time)
        }
        set(ProgramNames.host, host, &builder.line)
        set(ProgramNames.app, app, &builder.line)
        set(ProgramNames.pid, pid, &builder.line)
        set(ProgramNames.messageID, messageID, &builder.line)
        if !scanner.take(0x2D) { takeData(&scanner, &builder) }
        _ = scanner.take(0x20)
        // A byte-order mark says that the text is UTF-8.
        _ = scanner.take("\u{FEFF}")
        builder.line.message = scanner.rest
        return true
    }

    /// `[id name="value" …][id …]`: fields `id.name`. What is broken stays in the message.
    private static func takeData(_ scanner: inout FormScanner, _ builder: inout LogBatchBuilder) {
        var name: [UInt8] = []
        while scanner.rest.starts(with: "[") {
            var inner = FormScanner(scanner.rest.dropFirst(1))
            guard let end = inner.rest.firstIndex(where: { $0 == 0x20 || $0 == 0x5D }) else { return }
            let identity = inner.rest.slice(0, end)
            inner.drop(end)
            while inner.take(0x20) {
                guard let key = inner.upTo(0x3D), let value = value(&inner, &builder.line.scratch) else { return }
                name.removeAll(keepingCapacity: true)
                name.append(contentsOf: identity.buffer)
                name.append(UInt8(ascii: "."))
                name.append(contentsOf: key.buffer)
                let number = name.withUnsafeBytes { builder.name(ByteView($0)) }
                builder.line.set(number, value)
            }
            guard inner.take(0x5D) else { return }
            scanner = inner
        }
    }

    /// In quotes, where `\"`, `\\` and `\]` stand for the second.
    private static func value(_ scanner: inout FormScanner, _ scratch: inout ByteArena) -> ByteView? {
        let text = scanner.rest
        guard text.count > 1, text[0] == 0x22 else { return nil }
        var (index, hasEscapes) = (1, false)
        while index < text.count, text[index] != 0x22 {
            if text[index] == 0x5C {
                hasEscapes = true
                index += 1
            }
            index += 1
        }
        guard index < text.count else { return nil }
        scanner.drop(index + 1)
        let raw = text.slice(1, index)
        guard hasEscapes else { return raw }
        var (bytes, from): ([UInt8], Int) = ([], 0)
        while from < raw.count {
            if raw[from] == 0x5C, from + 1 < raw.count, [0x22, 0x5C, 0x5D].contains(raw[from + 1]) { from += 1 }
            bytes.append(raw[from])
            from += 1
        }
        return scratch.copy(bytes)
    }

    // MARK: RFC 3164

    private static func old(_ text: ByteView, _ builder: inout LogBatchBuilder) {
        var scanner = FormScanner(text)
        builder.line.message = text
        // Without a time (as some devices send) all is the message, after the program's name.
        guard let found = TimeText.prefix(text, now: builder.line.now) else {
            if let tag = tag(text) { take(tag, text, &builder.line) }
            return
        }
        scanner.drop(found.count)
        _ = scanner.take(0x3A)
        guard scanner.take(0x20) else { return }
        builder.line.setTime(found.time)
        builder.line.message = scanner.rest
        // On `/dev/log` there is no host in front of the program.
        if let tag = tag(scanner.rest) { return take(tag, scanner.rest, &builder.line) }
        let start = scanner
        guard let host = scanner.word(), isHost(host) else { return builder.line.message = start.rest }
        builder.line.set(ProgramNames.host, host)
        builder.line.message = scanner.rest
        if let tag = tag(scanner.rest) { take(tag, scanner.rest, &builder.line) }
    }

    private struct Tag {
        var app: ByteView
        var pid: ByteView?
        /// Bytes with the colon and the blank.
        var count: Int
    }

    /// `sshd[123]: `, `kernel: `, `app/worker[7]:`
    private static func tag(_ text: ByteView) -> Tag? {
        var index = 0
        let end = min(text.count, 128)
        while index < end {
            let byte = text[index]
            if byte == 0x3A || byte == 0x5B || byte == 0x20 { break }
            guard byte > 0x20, byte < 0x7F else { return nil }
            index += 1
        }
        guard index > 0, index < end, text[index] != 0x20 else { return nil }
        let app = text.slice(0, index)
        var pid: ByteView?
        if text[index] == 0x5B {
            guard let close = text.slice(0, end).index(of: 0x5D, from: index), close + 1 < text.count,
                text[close + 1] == 0x3A
            else { return nil }
            pid = text.slice(index + 1, close)
            index = close + 1
        }
        index += 1
        guard index == text.count || text[index] == 0x20 else { return nil }
        if index < text.count { index += 1 }
        return Tag(app: app, pid: pid, count: index)
    }

    private static func take(_ tag: Tag, _ text: ByteView, _ line: inout LogRecord) {
        line.set(ProgramNames.app, tag.app)
        if let pid = tag.pid { set(ProgramNames.pid, pid, &line) }
        line.message = text.dropFirst(tag.count)
    }

    private static func isHost(_ text: ByteView) -> Bool {
        guard text.count > 0, text.count <= 255 else { return false }
        for index in 0..<text.count {
            let byte = text[index]
            guard ByteView.isWord(byte) || byte == 0x2D || byte == 0x2E || byte == 0x3A else { return false }
        }
        return true
    }

    @inline(__always)
    private static func set(_ name: UInt32, _ value: ByteView, _ line: inout LogRecord) {
        if value.count > 0, !(value.count == 1 && value[0] == 0x2D) { line.set(name, value) }
    }
}

extension ByteView {
    /// Where the first byte is that fulfils a condition.
    func firstIndex(where condition: (UInt8) -> Bool) -> Int? {
        for index in 0..<count where condition(self[index]) { return index }
        return nil
    }
}
