/// Access logs of nginx and Apache: `common`, `combined`, with a virtual host in front or not, and with what people
/// add behind: `key=value`, a time in seconds, texts in quotes.
///
/// The message is the request's line. The level follows the status: errors of the server are errors, those of the client
/// are warnings.
enum AccessForm {
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var scanner = FormScanner(text)
        guard var client = scanner.word() else { return false }
        var virtualHost: ByteView?
        guard let second = scanner.word(), let third = scanner.word() else { return false }
        var user = third
        if !scanner.rest.starts(with: "[") {
            // With a virtual host there is one word more. A user's name may have blanks.
            guard let bracket = scanner.rest.index(of: 0x5B), bracket > 0, bracket < 200 else { return false }
            let between = scanner.rest.slice(0, bracket).trimmed
            if third.equals("-") {
                virtualHost = client
                client = second
                user = between
            } else {
                user = ByteView(third.start, to: between.end)
            }
            scanner.drop(bracket)
        }
        guard scanner.take(0x5B), let stamp = scanner.upTo(0x5D), scanner.take(0x20),
            let time = TimeText.time(stamp, now: builder.line.now), let request = scanner.quoted(),
            let status = scanner.word(), status.count == 3, let code = status.integer, let size = scanner.word()
        else { return false }
        builder.line.setTime(time)
        builder.line.level = code >= 500 ? .error : code >= 400 ? .warn : .info
        builder.line.message = request
        set(ProgramNames.client, client, &builder.line)
        if let virtualHost { set(ProgramNames.virtualHost, virtualHost, &builder.line) }
        set(ProgramNames.user, user, &builder.line)
        HTTPRequestText.take(request, &builder.line)
        builder.line.set(ProgramNames.status, status)
        set(ProgramNames.bytes, size, &builder.line)
        if let referrer = scanner.quoted() { set(ProgramNames.referrer, referrer, &builder.line) }
        if let agent = scanner.quoted() { set(ProgramNames.agent, agent, &builder.line) }
        takeMore(scanner, &builder)
        return true
    }

    private static func takeMore(_ start: FormScanner, _ builder: inout LogBatchBuilder) {
        var scanner = start
        var quotes = 0
        while scanner.rest.count > 0 {
            if let text = scanner.quoted() {
                quotes += 1
                if !text.equals("-") { builder.line.set(builder.name("extra_\(quotes)"), text) }
                continue
            }
            guard let word = scanner.word() else { return }
            if let equals = word.index(of: 0x3D), equals > 0 {
                var value = word.dropFirst(equals + 1)
                if value.count > 0, value[0] == 0x22, let whole = restOfQuote(value, &scanner) { value = whole }
                set(builder.name(word.slice(0, equals)), value, &builder.line)
            } else if word.contains(0x2E), word.double != nil, builder.line.value(ProgramNames.seconds) == nil {
                builder.line.set(ProgramNames.seconds, word)
            }
        }
    }

    /// A value in quotes may go on behind the blank where its word ended.
    private static func restOfQuote(_ value: ByteView, _ scanner: inout FormScanner) -> ByteView? {
        let end = scanner.rest.end
        var whole = FormScanner(ByteView(value.start, to: end))
        guard let text = whole.quoted() else { return nil }
        scanner = whole
        return text
    }

    @inline(__always)
    private static func set(_ name: UInt32, _ value: ByteView, _ line: inout LogRecord) {
        if value.count > 0, !(value.count == 1 && value[0] == 0x2D) { line.set(name, value) }
    }
}

/// A request's line: `GET /cart?id=7 HTTP/1.1`.
enum HTTPRequestText {
    /// Sets method, path (with the query) and protocol. What is no request sets nothing.
    static func take(_ request: ByteView, _ line: inout LogRecord) {
        guard let first = request.index(of: 0x20), first > 0, first < 20 else { return }
        for index in 0..<first where request[index] &- 0x41 > 25 && request[index] != 0x2D { return }
        let rest = request.dropFirst(first + 1)
        var end = rest.count
        while end > 0, rest[end - 1] != 0x20 { end -= 1 }
        line.set(ProgramNames.method, request.slice(0, first))
        guard end > 0, rest.dropFirst(end).starts(with: "HTTP/") else { return line.set(ProgramNames.path, rest) }
        line.set(ProgramNames.path, rest.slice(0, end - 1))
        line.set(ProgramNames.protocolVersion, rest.dropFirst(end))
    }
}
