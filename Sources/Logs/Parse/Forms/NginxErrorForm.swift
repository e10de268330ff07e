/// Error logs of nginx (`2026/11/21 12:00:00 [error] 7#8: *9 text, client: …, server: …`) and of Apache
/// (`[Sat Nov 21 12:00:00.123456 2026] [core:error] [pid 7:tid 8] [client …] text`).
enum NginxErrorForm {
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        text.count > 0 && text[0] == 0x5B ? apache(text, &builder) : nginx(text, &builder)
    }

    private static func nginx(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        guard text.count > 22, text[4] == 0x2F, let found = TimeText.prefix(text, now: builder.line.now) else {
            return false
        }
        var scanner = FormScanner(text)
        scanner.drop(found.count)
        guard scanner.take(0x20), scanner.take(0x5B), let word = scanner.upTo(0x5D),
            let level = LevelText.level(word), scanner.take(0x20)
        else { return false }
        builder.line.setTime(found.time)
        builder.line.level = level
        if let colon = scanner.rest.slice(0, min(40, scanner.rest.count)).index(of: 0x3A),
            let hash = scanner.rest.slice(0, colon).index(of: 0x23), scanner.rest.slice(0, hash).integer != nil
        {
            builder.line.set(ProgramNames.pid, scanner.rest.slice(0, hash))
            builder.line.set(ProgramNames.thread, scanner.rest.slice(hash + 1, colon))
            scanner.drop(colon + 1)
            _ = scanner.take(0x20)
        }
        if scanner.rest.starts(with: "*"), let star = scanner.word() {
            builder.line.set(ProgramNames.connection, star.dropFirst(1))
        }
        builder.line.message = scanner.rest
        takeDetails(scanner.rest, &builder.line)
        return true
    }

    /// `…, client: 10.0.0.1, server: shop, request: "GET / HTTP/1.1", upstream: "http://…", host: "shop"`: what is behind
    /// the client is taken out of the message.
    private static func takeDetails(_ text: ByteView, _ line: inout LogRecord) {
        guard let client = text.index(of: ", client: ") else { return }
        line.message = text.slice(0, client)
        var scanner = FormScanner(text.dropFirst(client + 2))
        while scanner.rest.count > 0, let key = scanner.upTo(0x3A) {
            _ = scanner.take(0x20)
            let value: ByteView
            if let quoted = scanner.quoted() {
                value = quoted
            } else {
                let end = scanner.rest.index(of: 0x2C) ?? scanner.rest.count
                value = scanner.rest.slice(0, end).trimmed
                scanner.drop(end)
            }
            _ = scanner.take(0x2C)
            _ = scanner.take(0x20)
            set(key, value, &line)
        }
    }

    private static func set(_ key: ByteView, _ value: ByteView, _ line: inout LogRecord) {
        if key.equals("client") { line.set(ProgramNames.client, value) }
        if key.equals("server") { line.set(ProgramNames.server, value) }
        if key.equals("upstream") { line.set(ProgramNames.upstream, value) }
        if key.equals("host") { line.set(ProgramNames.virtualHost, value) }
        if key.equals("referrer") { line.set(ProgramNames.referrer, value) }
        if key.equals("request") { HTTPRequestText.take(value, &line) }
    }

    private static func apache(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var scanner = FormScanner(text)
        guard scanner.take(0x5B), let stamp = scanner.upTo(0x5D), stamp.count >= 20, stamp.count <= 40,
            let time = TimeText.time(stamp, now: builder.line.now), scanner.take(" ["), let module = scanner.upTo(0x5D)
        else { return false }
        let word = module.index(of: 0x3A).map { module.dropFirst($0 + 1) } ?? module
        guard let level = LevelText.level(word) else { return false }
        builder.line.setTime(time)
        builder.line.level = level
        while scanner.take(" ["), let part = scanner.upTo(0x5D) {
            if part.starts(with: "pid ") {
                let end = part.index(of: 0x3A) ?? part.count
                builder.line.set(ProgramNames.pid, part.slice(4, end))
            } else if part.starts(with: "client ") {
                builder.line.set(ProgramNames.client, part.dropFirst(7))
            }
        }
        _ = scanner.take(0x20)
        builder.line.message = scanner.rest
        return true
    }
}
