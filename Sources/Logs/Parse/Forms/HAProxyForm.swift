/// HAProxy's `httplog` and `tcplog`. Source: HAProxy's configuration manual, 8.2.
///
/// The message is the request's line, or of a connection the names of frontend, backend and server.
enum HAProxyForm {
    static func parse(_ text: ByteView, _ builder: inout LogBatchBuilder) -> Bool {
        var scanner = FormScanner(text)
        guard let address = scanner.word(), let colon = lastColon(address), scanner.take(0x5B),
            let stamp = scanner.upTo(0x5D), let time = TimeText.time(stamp, now: builder.line.now), scanner.take(0x20)
        else { return false }
        let names = scanner.rest
        guard let frontend = scanner.word(), let backend = scanner.word(), let slash = backend.index(of: 0x2F),
            let timers = scanner.word(), let next = scanner.word()
        else { return false }
        let namesText = ByteView(names.start, to: backend.end)
        builder.line.setTime(time)
        builder.line.set(ProgramNames.client, address.slice(0, colon))
        builder.line.set(ProgramNames.port, address.dropFirst(colon + 1))
        builder.line.set(ProgramNames.frontend, frontend)
        builder.line.set(ProgramNames.backend, backend.slice(0, slash))
        builder.line.set(ProgramNames.server, backend.dropFirst(slash + 1))
        builder.line.message = namesText
        switch split(timers, at: 0x2F, max: 5) {
        case let parts where parts.count == 5:
            guard let code = next.integer, let size = scanner.word() else { return false }
            let names = [
                ProgramNames.requestMilliseconds, ProgramNames.queueMilliseconds, ProgramNames.connectMilliseconds,
                ProgramNames.responseMilliseconds, ProgramNames.totalMilliseconds,
            ]
            for (name, part) in zip(names, parts) { setNumber(name, part, &builder.line) }
            builder.line.set(ProgramNames.status, next)
            builder.line.level = code >= 500 || code < 0 ? .error : code >= 400 ? .warn : .info
            builder.line.set(ProgramNames.bytes, size)
            // The captured cookies.
            guard scanner.word() != nil, scanner.word() != nil else { return false }
        case let parts where parts.count == 3:
            let names = [
                ProgramNames.queueMilliseconds, ProgramNames.connectMilliseconds, ProgramNames.totalMilliseconds,
            ]
            for (name, part) in zip(names, parts) { setNumber(name, part, &builder.line) }
            builder.line.set(ProgramNames.bytes, next)
            builder.line.level = .info
        default: return false
        }
        guard let termination = scanner.word(), let connections = scanner.word(), let queues = scanner.word() else {
            return false
        }
        if termination.count > 0, termination[0] != 0x2D, termination[0] != UInt8(ascii: "C") {
            builder.line.level = max(builder.line.level, .warn)
        }
        builder.line.set(ProgramNames.termination, termination)
        builder.line.set(ProgramNames.connections, connections)
        builder.line.set(ProgramNames.queues, queues)
        takeRequest(scanner.rest, &builder.line)
        return true
    }

    /// Captured headers in braces are passed over: they may hold what a request sent.
    private static func takeRequest(_ text: ByteView, _ line: inout LogRecord) {
        guard let quote = text.index(of: 0x22) else { return }
        var request = text.dropFirst(quote + 1)
        // HAProxy cuts long lines off, their quote too.
        if request.count > 0, request[request.count - 1] == 0x22 { request = request.slice(0, request.count - 1) }
        line.message = request
        HTTPRequestText.take(request, &line)
    }

    private static func lastColon(_ address: ByteView) -> Int? {
        for index in stride(from: address.count - 1, to: 0, by: -1) where address[index] == 0x3A { return index }
        return nil
    }

    private static func split(_ text: ByteView, at byte: UInt8, max: Int) -> [ByteView] {
        var (parts, from): ([ByteView], Int) = ([], 0)
        while let place = text.index(of: byte, from: from), parts.count <= max {
            parts.append(text.slice(from, place))
            from = place + 1
        }
        parts.append(text.dropFirst(from))
        return parts
    }

    /// What was not reached is -1 and left out; a `+` stands in front of what is not over yet.
    private static func setNumber(_ name: UInt32, _ text: ByteView, _ line: inout LogRecord) {
        let number = text.starts(with: "+") ? text.dropFirst(1) : text
        if let value = number.integer, value >= 0 { line.set(name, number) }
    }
}
