/// Reads statsd's and DogStatsD's lines from bytes, in place.
///
///     lines   = line *( LF line )
///     line    = key 1*( ":" group ) / event / check
///     group   = value *( ":" value ) "|" kind *( "|" section )
///     kind    = "c" / "g" / "ms" / "h" / "d" / "s"          ; h and d are timers
///     section = "@" rate / "#" tags / "T" seconds / letter *any
///
/// Several values before one kind are DogStatsD's packed values; a value after a whole group is statsd's
/// own way of packing. A section that starts with another letter is ignored, as DogStatsD asks for.
/// What is wrong ends its line, but not what stands before it in the line.
/// Sources: statsd, stats.js and docs/metric_types.md; DogStatsD, "Datagram Format and Shell Usage".
struct StatsdParser {
    /// The longest key, and the longest tags, in bytes.
    static let partBytesMax = 4096

    let seed: UInt64
    let powers: UnsafePointer<Double>

    /// - Parameter seed: what hashes of keys begin with.
    init(seed: UInt64) {
        self.seed = seed
        powers = DecimalNumber.powers
    }

    /// Parses `count` bytes that are closed and padded as `PaddedBytes` says. Returns the number of lines
    /// that are not empty.
    @inline(__always)
    func parse<Receiver: StatsdReceiver>(
        _ start: UnsafeRawPointer, count: Int, into receiver: inout Receiver
    ) -> Int {
        let end = start + count
        var at = start
        var lines = 0
        while at < end {
            let first = at.load(as: UInt8.self)
            if first == ASCII.newline {
                at += 1
                continue
            }
            lines &+= 1
            if first == ASCII.underscore, let kind = Self.notice(at) {
                let after = Self.newline(at)
                receiver.receiveNotice(kind, UnsafeRawBufferPointer(start: at, count: after - at))
                at = after + 1
                continue
            }
            at = line(at, into: &receiver)
        }
        return lines
    }

    /// Returns where the next line begins.
    @inline(__always)
    private func line<Receiver: StatsdReceiver>(
        _ start: UnsafeRawPointer, into receiver: inout Receiver
    ) -> UnsafeRawPointer {
        let (keyEnd, keyHash) = scanKey(start)
        var at = keyEnd
        var reason: StatsdBadLineReason?
        if keyEnd.load(as: UInt8.self) == ASCII.colon, keyEnd > start,
            keyEnd - start <= Self.partBytesMax
        {
            var sample = StatsdSample(
                key: start, keyBytes: keyEnd - start, keyHash: keyHash, tags: start, tagBytes: 0,
                kind: .counter,
                value: 0, member: start, memberBytes: 0, isRelative: false, weight: 1, time: 0)
            repeat {
                at += 1
                reason = group(&at, &sample, into: &receiver)
            } while reason == nil && at.load(as: UInt8.self) == ASCII.colon
            if reason == nil { return at + 1 }
        } else {
            reason = keyEnd.load(as: UInt8.self) == ASCII.colon ? .keyInvalid : .noValue
        }
        let end = Self.newline(at)
        receiver.refuse(UnsafeRawBufferPointer(start: start, count: end - start), reason ?? .noValue)
        return end + 1
    }

    /// The first colon or newline, and the hash of what is before it.
    @inline(__always)
    private func scanKey(_ start: UnsafeRawPointer) -> (end: UnsafeRawPointer, hash: UInt64) {
        let colons = Word.ones &* UInt64(ASCII.colon)
        let newlines = Word.ones &* UInt64(ASCII.newline)
        var hash = seed
        var at = start
        while true {
            let word = Word.load(at)
            let found = Word.zeroBytes(word ^ colons) | Word.zeroBytes(word ^ newlines)
            if found != 0 {
                let count = found.trailingZeroBitCount &>> 3
                return (at + count, Word.step(hash, Word.prefix(word, count)))
            }
            hash = Word.step(hash, word)
            at += 8
        }
    }

    /// Reads a group from `at`, and hands on what it measures. Ends at a colon or a newline.
    @inline(__always)
    private func group<Receiver: StatsdReceiver>(
        _ at: inout UnsafeRawPointer, _ sample: inout StatsdSample, into receiver: inout Receiver
    ) -> StatsdBadLineReason? {
        sample.weight = 1
        sample.tagBytes = 0
        sample.time = 0
        sample.member = at
        guard plainNumber(&at, &sample) else {
            // A copy, so that the sample can live in registers.
            let copy = sample
            return packedGroup(&at, copy, into: &receiver)
        }
        sample.memberBytes = at - sample.member
        if let reason = kindAndSections(&at, &sample) { return reason }
        if sample.kind == .timer, sample.value < 0 { return .negativeTimer }
        receiver.receive(sample)
        return nil
    }

    /// Reads digits with a sign and a fraction up to a pipe. False if it is anything else.
    @inline(__always)
    private func plainNumber(_ at: inout UnsafeRawPointer, _ sample: inout StatsdSample) -> Bool {
        var scan = at
        let sign = scan.load(as: UInt8.self)
        let isNegative = sign == ASCII.minus
        sample.isRelative = isNegative || sign == ASCII.plus
        if sample.isRelative { scan += 1 }
        guard let magnitude = unsigned(&scan), scan.load(as: UInt8.self) == ASCII.pipe else {
            return false
        }
        sample.value = isNegative ? -magnitude : magnitude
        at = scan
        return true
    }

    /// Reads up to 15 digits, which a double has exactly, with a point among them. Nil if there are none or
    /// more; what follows is not looked at.
    @inline(__always)
    private func unsigned(_ at: inout UnsafeRawPointer) -> Double? {
        let start = at
        var mantissa: UInt64 = 0
        var digit = at.load(as: UInt8.self) &- ASCII.zero
        while digit < 10 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            at += 1
            digit = at.load(as: UInt8.self) &- ASCII.zero
        }
        guard digit == ASCII.dot &- ASCII.zero else {
            return at > start && at - start <= 15 ? Double(Int64(bitPattern: mantissa)) : nil
        }
        at += 1
        let point = at
        digit = at.load(as: UInt8.self) &- ASCII.zero
        while digit < 10 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            at += 1
            digit = at.load(as: UInt8.self) &- ASCII.zero
        }
        let digits = at - start - 1
        guard digits > 0, digits <= 15 else { return nil }
        return Double(Int64(bitPattern: mantissa)) / powers[at - point]
    }

    /// Reads from the pipe before the kind up to a colon or newline.
    @inline(__always)
    private func kindAndSections(_ at: inout UnsafeRawPointer, _ sample: inout StatsdSample)
        -> StatsdBadLineReason?
    {
        switch at.load(fromByteOffset: 1, as: UInt8.self) {
        case UInt8(ascii: "c"): sample.kind = .counter
        case UInt8(ascii: "g"): sample.kind = .gauge
        case UInt8(ascii: "s"): sample.kind = .set
        case UInt8(ascii: "h"), UInt8(ascii: "d"): sample.kind = .timer
        case UInt8(ascii: "m"):
            guard at.load(fromByteOffset: 2, as: UInt8.self) == UInt8(ascii: "s") else {
                return .kindUnknown
            }
            sample.kind = .timer
            at += 1
        default: return .kindUnknown
        }
        at += 2
        if at.load(as: UInt8.self) == ASCII.newline { return nil }
        let found = sections(at)
        at = found.end
        sample.weight = found.weight
        sample.tags = found.tags ?? sample.tags
        sample.tagBytes = found.tagBytes
        sample.time = found.time
        return found.reason
    }

    /// What stands after a kind.
    private struct Sections {
        var end: UnsafeRawPointer
        var weight = 1.0
        var tags: UnsafeRawPointer?
        var tagBytes = 0
        var time: Int64 = 0
        var reason: StatsdBadLineReason?
    }

    /// Reads `|@0.1|#tag:value|…` up to a colon or newline.
    private func sections(_ start: UnsafeRawPointer) -> Sections {
        var found = Sections(end: start)
        while found.end.load(as: UInt8.self) == ASCII.pipe, found.reason == nil {
            found.end += 1
            found.reason = section(&found)
        }
        if found.reason != nil { return found }
        // Blanks at the end of the line are forgiven: people type lines into a terminal.
        while found.end.load(as: UInt8.self) == ASCII.carriageReturn || found.end.load(as: UInt8.self) == ASCII.space {
            found.end += 1
        }
        let last = found.end.load(as: UInt8.self)
        if last != ASCII.newline, last != ASCII.colon { found.reason = .kindUnknown }
        return found
    }

    @inline(__always)
    private func section(_ found: inout Sections) -> StatsdBadLineReason? {
        let first = found.end.load(as: UInt8.self)
        let start = found.end + 1
        if first == ASCII.at {
            guard let weight = weight(&found.end) else { return .rateInvalid }
            found.weight = weight
        } else if first == ASCII.hash {
            found.end = Self.sectionEnd(start, stopsAtColon: false)
            guard found.end - start <= Self.partBytesMax else { return .tagsTooLong }
            found.tags = start
            found.tagBytes = found.end - start
        } else if first == UInt8(ascii: "T"), ASCII.isDigit(start.load(as: UInt8.self)) {
            found.end = Self.sectionEnd(start, stopsAtColon: true)
            guard let seconds = Self.seconds(start, found.end) else { return .timeInvalid }
            found.time = seconds
        } else if ASCII.isLetter(first) {
            found.end = Self.sectionEnd(start, stopsAtColon: false)
        } else {
            return .sectionInvalid
        }
        return nil
    }

    /// Reads `@rate` and returns 1 / rate.
    @inline(__always)
    private func weight(_ at: inout UnsafeRawPointer) -> Double? {
        let start = at + 1
        at = start
        var rate = unsigned(&at)
        let last = at.load(as: UInt8.self)
        if rate == nil || (last != ASCII.newline && last != ASCII.pipe && last != ASCII.colon) {
            at = Self.sectionEnd(start, stopsAtColon: true)
            rate = DecimalNumber.parse(start, at)
        }
        guard let rate, rate > 0 else { return nil }
        let weight = 1 / rate
        return weight.isFinite ? weight : nil
    }
}

extension StatsdParser {
    /// A group that is not one plain number: packed values, members of sets, numbers with exponents.
    @inline(never)
    private func packedGroup<Receiver: StatsdReceiver>(
        _ at: inout UnsafeRawPointer, _ first: StatsdSample, into receiver: inout Receiver
    ) -> StatsdBadLineReason? {
        var sample = first
        var value = at
        let pipe = Self.sectionEnd(value, stopsAtColon: false)
        at = pipe
        guard pipe.load(as: UInt8.self) == ASCII.pipe else { return .kindUnknown }
        if let reason = kindAndSections(&at, &sample) { return reason }
        var reason: StatsdBadLineReason?
        while value <= pipe {
            let end = Self.sectionEnd(value, stopsAtColon: true)
            reason = single(value, end, &sample, into: &receiver) ?? reason
            value = end + 1
        }
        return reason
    }

    private func single<Receiver: StatsdReceiver>(
        _ start: UnsafeRawPointer, _ end: UnsafeRawPointer, _ sample: inout StatsdSample,
        into receiver: inout Receiver
    ) -> StatsdBadLineReason? {
        sample.member = start
        sample.memberBytes = end - start
        if sample.kind == .set {
            sample.value = 0
        } else {
            guard let value = DecimalNumber.parse(start, end) else { return .numberInvalid }
            if sample.kind == .timer, value < 0 { return .negativeTimer }
            let first = start.load(as: UInt8.self)
            sample.isRelative = first == ASCII.minus || first == ASCII.plus
            sample.value = value
        }
        receiver.receive(sample)
        return nil
    }

    /// Whether a line is a notice: `_e{5,4}:title|text`, `_sc|name|0`.
    private static func notice(_ start: UnsafeRawPointer) -> StatsdNoticeKind? {
        let word = Word.load(start)
        if word & 0xFF_FFFF == 0x7B_655F { return .event }
        return word & 0xFFFF_FFFF == 0x7C_6373_5F ? .check : nil
    }

    /// The next newline.
    static func newline(_ start: UnsafeRawPointer) -> UnsafeRawPointer {
        let newlines = Word.ones &* UInt64(ASCII.newline)
        var at = start
        while true {
            let found = Word.zeroBytes(Word.load(at) ^ newlines)
            if found != 0 { return at + found.trailingZeroBitCount &>> 3 }
            at += 8
        }
    }

    /// The next pipe, newline, carriage return or, if wanted, colon.
    private static func sectionEnd(_ start: UnsafeRawPointer, stopsAtColon: Bool) -> UnsafeRawPointer {
        var at = start
        while true {
            let byte = at.load(as: UInt8.self)
            if byte == ASCII.pipe || byte == ASCII.newline || byte == ASCII.carriageReturn { return at }
            if stopsAtColon, byte == ASCII.colon { return at }
            at += 1
        }
    }

    /// Seconds since 1970, up to the year 9999.
    private static func seconds(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int64? {
        guard end > start, end - start <= 12 else { return nil }
        var seconds: Int64 = 0
        var at = start
        while at < end {
            let byte = at.load(as: UInt8.self)
            guard ASCII.isDigit(byte) else { return nil }
            seconds = seconds * 10 + Int64(byte &- ASCII.zero)
            at += 1
        }
        return seconds > 0 && seconds < 253_402_300_800 ? seconds : nil
    }
}
