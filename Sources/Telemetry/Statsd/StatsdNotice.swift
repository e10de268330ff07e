package enum StatsdNoticeKind: UInt8, Hashable, Sendable {
    case event, check
}

/// A DogStatsD event or service check: nothing to aggregate, so it is handed on as it is.
/// Source: DogStatsD, "Datagram Format and Shell Usage".
package struct StatsdNotice: Hashable, Sendable {
    package var kind: StatsdNoticeKind
    /// An event's title, a check's name.
    package var title: String
    /// An event's text, a check's message.
    package var text: String
    /// A check's status: 0 fine, 1 warning, 2 critical, 3 unknown. Of an event, 0.
    package var status: UInt8
    /// Seconds since 1970, if it says so.
    package var time: Int64?
    package var host: String?
    /// `p` of an event: `normal`, `low`.
    package var priority: String?
    /// `t` of an event: `error`, `warning`, `info`, `success`.
    package var alert: String?
    /// `k` of an event: events with one key belong together.
    package var aggregationKey: String?
    /// `s` of an event.
    package var sourceType: String?
    /// As written: `key:value` or a bare word.
    package var tags: [String] = []

    init(event title: String, text: String, time: Int64?, tags: [String]) {
        kind = .event
        self.title = title
        self.text = text
        status = 0
        self.time = time
        self.tags = tags
    }

    /// Reads `_e{title bytes,text bytes}:title|text|…` or `_sc|name|status|…`; nil if it is neither.
    init?(_ kind: StatsdNoticeKind, _ line: UnsafeRawBufferPointer) {
        var bytes = Array(line)[...]
        while bytes.last == ASCII.carriageReturn { bytes = bytes.dropLast() }
        self.kind = kind
        title = ""
        text = ""
        status = 0
        let sections: ArraySlice<UInt8>? =
            kind == .event ? readEvent(bytes.dropFirst(3)) : readCheck(bytes.dropFirst(4))
        guard let sections else { return nil }
        for section in sections.split(separator: ASCII.pipe) { read(section) }
    }

    private mutating func readEvent(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let brace = bytes.firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let lengths = bytes[..<brace].split(separator: ASCII.comma, omittingEmptySubsequences: false)
        guard lengths.count == 2, let titleBytes = Self.number(lengths[0]),
            let textBytes = Self.number(lengths[1]),
            bytes.endIndex - brace >= titleBytes + textBytes + 3, titleBytes > 0
        else { return nil }
        let titleStart = brace + 2
        let textStart = titleStart + titleBytes + 1
        guard bytes[brace + 1] == ASCII.colon, bytes[textStart - 1] == ASCII.pipe else { return nil }
        title = Self.text(bytes[titleStart..<textStart - 1])
        text = Self.text(bytes[textStart..<textStart + textBytes])
        let rest = bytes[(textStart + textBytes)...]
        return rest.isEmpty || rest.first == ASCII.pipe ? rest : nil
    }

    private mutating func readCheck(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let parts = bytes.split(separator: ASCII.pipe, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, !parts[0].isEmpty, let status = Self.number(parts[1]), status <= 3
        else { return nil }
        title = Self.text(parts[0])
        self.status = UInt8(status)
        return parts.count == 3 ? parts[2] : []
    }

    private mutating func read(_ section: ArraySlice<UInt8>) {
        if section.first == ASCII.hash {
            tags = section.dropFirst().split(separator: ASCII.comma).map(Self.text)
            return
        }
        guard section.count >= 2, section[section.startIndex + 1] == ASCII.colon else { return }
        let value = section.dropFirst(2)
        switch section[section.startIndex] {
        case UInt8(ascii: "d"): time = Self.number(value).map(Int64.init)
        case UInt8(ascii: "h"): host = Self.text(value)
        case UInt8(ascii: "p"): priority = Self.text(value)
        case UInt8(ascii: "t"): alert = Self.text(value)
        case UInt8(ascii: "k"): aggregationKey = Self.text(value)
        case UInt8(ascii: "s"): sourceType = Self.text(value)
        case UInt8(ascii: "m") where kind == .check: text = Self.text(value)
        default: break
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.count <= 12, bytes.allSatisfy(ASCII.isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 &- ASCII.zero) }
    }

    /// Clients write a newline as `\n`, since a newline ends a line.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                if byte == UInt8(ascii: "n") {
                    text.append(ASCII.newline)
                } else {
                    text += [UInt8(ascii: "\\"), byte]
                }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                text.append(byte)
            }
        }
        if isEscaped { text.append(UInt8(ascii: "\\")) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension StatsdTally {
    /// Makes gauges of service checks: `service_checks.NAME`, with the check's tags and host, is its status.
    func settleChecks() {
        guard storage.pointee.notices.contains(where: { $0.kind == .check }) else { return }
        let clock = start + Int64(storage.pointee.milliseconds)
        for check in storage.pointee.notices where check.kind == .check {
            let tags = (check.host.map { ["host:\($0)"] } ?? []) + check.tags
            let name = Array("service_checks.\(check.title)".utf8).withUnsafeBytes { key in
                Array(tags.joined(separator: ",").utf8).withUnsafeBytes { StatsdName.canonical(key: key, tags: $0) }
            }
            guard let name, let entry = entry(name, .gauge) else { continue }
            mergeGauge(Double(check.status), isSet: true, at: check.time.map { $0 * 1000 } ?? clock, into: entry)
            countUpdates(entry, 1)
        }
        storage.pointee.notices.removeAll { $0.kind == .check }
    }
}
