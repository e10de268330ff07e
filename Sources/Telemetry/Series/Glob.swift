/// A pattern over bytes: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`. Within paths they stay in one node.
///
/// Alternatives are written out when it is made (at most `spellingsMax` of them; braces beyond that stand
/// for themselves), and each is then matched in time `pattern × text` at worst, with no recursion: a
/// hostile pattern costs no more than its length.
package struct Glob: Sendable {
    static let spellingsMax = 1024

    enum Part: Hashable, Sendable {
        case byte(UInt8)
        case any
        case run
        case set([ClosedRange<UInt8>], inverted: Bool)
    }

    private let spellings: [[Part]]

    /// The text itself if nothing in it is a pattern.
    package let literal: [UInt8]?

    package init(_ pattern: some Collection<UInt8>) {
        let texts = Self.spellOut(Array(pattern))
        spellings = texts.map(Self.parts)
        if spellings.count == 1, spellings[0].allSatisfy({ if case .byte = $0 { true } else { false } }) {
            literal = texts[0]
        } else {
            literal = nil
        }
    }

    /// Every spelling that has no `*`, `?` or `[`, if all are so.
    var literals: [[UInt8]]? {
        var result: [[UInt8]] = []
        for spelling in spellings {
            var text: [UInt8] = []
            for part in spelling {
                guard case .byte(let byte) = part else { return nil }
                text.append(byte)
            }
            result.append(text)
        }
        return result
    }

    /// - Parameter across: whether `*` and `?` may stand for a dot too: `**` does, a single `*` does not.
    package func matches(_ text: UnsafeRawBufferPointer, across: Bool = false) -> Bool {
        spellings.contains { Self.matches($0, text, across: across) }
    }

    private static let dot = UInt8(ascii: ".")

    /// Goes back only to the last run, which is enough: what an earlier one could take, the later can. Where
    /// a single run must not cross a dot, the double run before it is gone back to as well.
    private static func matches(_ parts: [Part], _ text: UnsafeRawBufferPointer, across: Bool) -> Bool {
        var part = 0
        var at = 0
        var single: (part: Int, at: Int)?
        var double: (part: Int, at: Int)?
        while true {
            if part < parts.count, parts[part] == .run {
                let isDouble = across && part + 1 < parts.count && parts[part + 1] == .run
                part += isDouble ? 2 : 1
                if isDouble {
                    double = (part, at)
                    single = nil
                } else {
                    single = (part, at)
                }
            } else if at < text.count, part < parts.count, takes(parts[part], text[at], across: across) {
                part += 1
                at += 1
            } else if at == text.count, part == parts.count {
                return true
            } else if let last = single, last.at < text.count, !across || text[last.at] != dot {
                single = (last.part, last.at + 1)
                (part, at) = (last.part, last.at + 1)
            } else if let last = double, last.at < text.count {
                double = (last.part, last.at + 1)
                single = nil
                (part, at) = (last.part, last.at + 1)
            } else {
                return false
            }
        }
    }

    private static func takes(_ part: Part, _ byte: UInt8, across: Bool) -> Bool {
        switch part {
        case .byte(let wanted): wanted == byte
        case .any: !across || byte != dot
        case .run: false
        case .set(let ranges, let inverted): ranges.contains { $0.contains(byte) } != inverted
        }
    }

    private static func parts(_ text: [UInt8]) -> [Part] {
        var result: [Part] = []
        var at = 0
        while at < text.count {
            let byte = text[at]
            at += 1
            switch byte {
            case UInt8(ascii: "*"): result.append(.run)
            case UInt8(ascii: "?"): result.append(.any)
            case UInt8(ascii: "["):
                if let (part, next) = set(text, from: at) {
                    result.append(part)
                    at = next
                } else {
                    result.append(.byte(byte))
                }
            default: result.append(.byte(byte))
            }
        }
        return result
    }

    /// The set behind `[`; nil if it is not closed.
    private static func set(_ text: [UInt8], from start: Int) -> (Part, next: Int)? {
        var at = start
        let inverted = at < text.count && (text[at] == UInt8(ascii: "!") || text[at] == UInt8(ascii: "^"))
        if inverted { at += 1 }
        var ranges: [ClosedRange<UInt8>] = []
        // A bracket that closes nothing yet stands for itself.
        repeat {
            guard at < text.count else { return nil }
            let low = text[at]
            if at + 2 < text.count, text[at + 1] == UInt8(ascii: "-"), text[at + 2] != UInt8(ascii: "]") {
                if low <= text[at + 2] { ranges.append(low...text[at + 2]) }
                at += 3
            } else {
                ranges.append(low...low)
                at += 1
            }
        } while at >= text.count || text[at] != UInt8(ascii: "]")
        return (.set(ranges, inverted: inverted), at + 1)
    }

    /// All texts that the braces of one stand for.
    private static func spellOut(_ text: [UInt8]) -> [[UInt8]] {
        var done: [[UInt8]] = []
        var open: [[UInt8]] = [text]
        while let next = open.popLast() {
            guard let (range, choices) = innermost(next) else {
                done.append(next)
                continue
            }
            if done.count + open.count + choices.count > spellingsMax { return [text] }
            for choice in choices.reversed() {
                open.append(Array(next[..<range.lowerBound] + choice + next[range.upperBound...]))
            }
        }
        return done
    }

    /// The first pair of braces that has none inside, and what it chooses from.
    private static func innermost(_ text: [UInt8]) -> (Range<Int>, [ArraySlice<UInt8>])? {
        guard let close = text.firstIndex(of: UInt8(ascii: "}")),
            let start = text[..<close].lastIndex(of: UInt8(ascii: "{"))
        else { return nil }
        let choices = text[(start + 1)..<close].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        return (start..<close + 1, choices)
    }
}
