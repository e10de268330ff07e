/// Says whether a pattern is in a text, in one pass over its bytes: all ways through the pattern are followed at
/// once, and each set of ways is a state that is worked out when it is first met (Thompson, CACM 1968; Cox, "Regular
/// Expression Matching in the Wild", 2010).
///
/// It takes time linear in the text, whatever the pattern. The states it keeps are bounded: when they become too many,
/// it forgets them and begins again. Texts are UTF-8; a byte that is none is one character, U+FFFD.
package struct PatternAutomaton: Sendable {
    /// The most states that are kept: 520 bytes each, and what they stand for.
    private static let statesMax = 1000
    /// The most instructions that all of them together may stand for.
    private static let membersMax = 100_000
    /// The most transitions by characters outside of ASCII that are kept.
    private static let wideMax = 10_000

    /// What is read: a character of ASCII, the newline that ends the text, or the end.
    private static let width = 130
    private static let lastNewline = 128
    private static let end = 129

    private static let unknown: Int32 = -1
    private static let dead: Int32 = 0
    private static let accepted: Int32 = 1

    /// What was before a place, as far as the pattern asks for it.
    private enum Before: UInt8 { case start, newline, word, other }

    private struct State: Hashable {
        /// Instructions that take a character, or that wait for what comes next.
        var members: [Int32]
        var before: Before
    }

    private let pattern: BoundedPattern
    private let isAnchored: Bool
    private let asksForLines: Bool
    private let asksForWords: Bool
    private let asksForStart: Bool

    private var start: Int32 = 0
    private var table: [Int32] = []
    /// The states from number 2 on.
    private var states: [State] = []
    private var numbers: [State: Int32] = [:]
    private var wide: [UInt64: Int32] = [:]
    private var memberCount = 0
    /// The round in which an instruction was met last.
    private var marks: [Int]
    private var round = 0

    /// Nil for a pattern that looks ahead: `PatternMatcher` does that.
    /// - Parameter isAnchored: whether the pattern must be at the text's beginning, instead of anywhere.
    package init?(_ pattern: BoundedPattern, isAnchored: Bool = false) {
        var assertions: Set<PatternAssertion> = []
        for instruction in pattern.instructions {
            switch instruction {
            case .lookAhead: return nil
            case .assertion(let assertion): assertions.insert(assertion)
            default: break
            }
        }
        self.pattern = pattern
        self.isAnchored = isAnchored
        asksForLines = assertions.contains(.lineStart)
        asksForWords = !assertions.isDisjoint(with: [.wordBoundary, .noWordBoundary])
        asksForStart = asksForLines || assertions.contains(.textStart)
        marks = Array(repeating: 0, count: pattern.instructions.count)
        forget()
    }

    /// Whether the text has what the pattern wants.
    package mutating func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var state = start
        let hasLastNewline = text.last == 0x0A
        let count = text.count - (hasLastNewline ? 1 : 0)
        var at = 0
        while state > Self.accepted, at < count {
            let known = run(state, at, count, text)
            (state, at) = (known.state, known.at)
            guard state > Self.accepted, at < count else { break }
            let byte = text[at]
            if byte < 0x80 {
                state = next(state, Int(byte), UInt32(byte))
                at += 1
            } else {
                let (scalar, length) = Self.character(in: text, at: at)
                state = next(state, wide: scalar)
                at += length
            }
        }
        if state > Self.accepted, hasLastNewline { state = known(state, Self.lastNewline, 0x0A) }
        if state > Self.accepted { state = known(state, Self.end, nil) }
        return state == Self.accepted
    }

    package mutating func matches(_ text: some StringProtocol) -> Bool {
        var text = String(text)
        return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }

    /// Follows transitions that are known, as far as that goes.
    private func run(
        _ state: Int32, _ at: Int, _ count: Int, _ text: UnsafeRawBufferPointer
    ) -> (state: Int32, at: Int) {
        table.withUnsafeBufferPointer { table in
            var state = state
            var at = at
            while at < count {
                let byte = text[at]
                if byte >= 0x80 { break }
                let next = table[Int(state) * Self.width + Int(byte)]
                if next == Self.unknown { break }
                state = next
                at += 1
                if next <= Self.accepted { break }
            }
            return (state, at)
        }
    }

    private mutating func known(_ state: Int32, _ symbol: Int, _ scalar: UInt32?) -> Int32 {
        let next = table[Int(state) * Self.width + symbol]
        return next == Self.unknown ? self.next(state, symbol, scalar) : next
    }

    private mutating func next(_ state: Int32, _ symbol: Int, _ scalar: UInt32?) -> Int32 {
        let (next, isKept) = follow(state, symbol, scalar)
        if isKept { table[Int(state) * Self.width + symbol] = next }
        return next
    }

    private mutating func next(_ state: Int32, wide scalar: UInt32) -> Int32 {
        let key = UInt64(UInt32(bitPattern: state)) << 32 | UInt64(scalar)
        if let next = wide[key] { return next }
        let (next, isKept) = follow(state, nil, scalar)
        if wide.count >= Self.wideMax { wide.removeAll(keepingCapacity: true) }
        if isKept { wide[key] = next }
        return next
    }

    /// The state behind a character or the end. `isKept` is false if the state it came from was forgotten.
    private mutating func follow(
        _ state: Int32, _ symbol: Int?, _ scalar: UInt32?
    ) -> (next: Int32, isKept: Bool) {
        let from = states[Int(state) - 2]
        let folded = scalar.map { pattern.ignoresCase ? PatternSet.lower($0) : $0 }
        guard let members = resolved(from, symbol, folded) else { return (Self.accepted, true) }
        guard let folded else { return (Self.dead, true) }
        round += 1
        var next: [Int32] = []
        for member in members {
            let isTaken =
                switch pattern.instructions[Int(member)] {
                case .scalar(let wanted): wanted == folded
                case .set(let set): pattern.sets[set].contains(folded, ignoresCase: pattern.ignoresCase)
                default: false
                }
            if isTaken, close(Int(member) + 1, into: &next, isStart: false) { return (Self.accepted, true) }
        }
        if !isAnchored, close(0, into: &next, isStart: false) { return (Self.accepted, true) }
        let (number, isKept) = number(of: State(members: next.sorted(), before: before(folded)))
        return (number, isKept)
    }

    /// The members that take a character, those behind assertions that hold here among them; nil if the end is
    /// reached.
    private mutating func resolved(_ state: State, _ symbol: Int?, _ scalar: UInt32?) -> [Int32]? {
        var members = state.members
        round += 1
        for member in members { marks[Int(member)] = round }
        var index = 0
        while index < members.count {
            if case .assertion(let assertion) = pattern.instructions[Int(members[index])],
                holds(assertion, state.before, symbol, scalar),
                close(Int(members[index]) + 1, into: &members, isStart: state.before == .start)
            {
                return nil
            }
            index += 1
        }
        return members
    }

    private func holds(_ assertion: PatternAssertion, _ before: Before, _ symbol: Int?, _ scalar: UInt32?) -> Bool {
        switch assertion {
        case .textStart: return before == .start
        case .textEnd: return symbol == Self.end
        case .end: return symbol == Self.end || symbol == Self.lastNewline
        case .lineStart: return before == .start || before == .newline
        case .lineEnd: return symbol == Self.end || scalar == 0x0A
        case .wordBoundary, .noWordBoundary:
            let isWord = scalar.map(PatternSet.isWord) ?? false
            return ((before == .word) != isWord) == (assertion == .wordBoundary)
        }
    }

    private func before(_ scalar: UInt32) -> Before {
        if asksForLines, scalar == 0x0A { return .newline }
        return asksForWords && PatternSet.isWord(scalar) ? .word : .other
    }

    /// Adds what is reached from an instruction without taking a character. Returns whether that is the end.
    private mutating func close(_ first: Int, into members: inout [Int32], isStart: Bool) -> Bool {
        var open = [first]
        while let at = open.popLast() {
            guard marks[at] != round else { continue }
            marks[at] = round
            switch pattern.instructions[at] {
            case .match: return true
            case .scalar, .set, .lookAhead: members.append(Int32(at))
            case .assertion(.textStart): if isStart { members.append(Int32(at)) }
            case .assertion: members.append(Int32(at))
            case .split(let one, let other): open += [other, one]
            case .jump(let target): open.append(target)
            case .save: open.append(at + 1)
            }
        }
        return false
    }

    private mutating func number(of state: State) -> (number: Int32, isKept: Bool) {
        if state.members.isEmpty { return (Self.dead, true) }
        if let number = numbers[state] { return (number, true) }
        let isFull = states.count >= Self.statesMax || memberCount >= Self.membersMax
        if isFull { forget() }
        return (numbers[state] ?? add(state), !isFull)
    }

    private mutating func add(_ state: State) -> Int32 {
        let number = Int32(states.count + 2)
        states.append(state)
        memberCount += state.members.count
        numbers[state] = number
        table.append(contentsOf: repeatElement(Self.unknown, count: Self.width))
        return number
    }

    private mutating func forget() {
        states.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        wide.removeAll(keepingCapacity: true)
        memberCount = 0
        // Nothing is looked up in the rows of `dead` and `accepted`; they are there to count from 0.
        table = Array(repeating: Self.unknown, count: 2 * Self.width)
        round += 1
        var members: [Int32] = []
        let isAccepted = close(0, into: &members, isStart: true)
        let state = State(members: members.sorted(), before: asksForStart ? .start : .other)
        start = isAccepted ? Self.accepted : members.isEmpty ? Self.dead : add(state)
    }

    /// The character that begins at a byte of 0x80 and above. Source: the Unicode Standard 15, table 3-7.
    private static func character(
        in text: UnsafeRawBufferPointer, at start: Int
    ) -> (scalar: UInt32, length: Int) {
        let first = text[start]
        let (length, least, bits): (Int, UInt32, UInt32) =
            switch first {
            case 0xC2...0xDF: (2, 0x80, UInt32(first & 0x1F))
            case 0xE0...0xEF: (3, 0x800, UInt32(first & 0x0F))
            case 0xF0...0xF4: (4, 0x1_0000, UInt32(first & 0x07))
            default: (0, 0, 0)
            }
        guard length > 0, start + length <= text.count else { return (0xFFFD, 1) }
        var scalar = bits
        for byte in text[(start + 1)..<(start + length)] {
            guard byte & 0xC0 == 0x80 else { return (0xFFFD, 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        guard scalar >= least, Unicode.Scalar(scalar) != nil else { return (0xFFFD, 1) }
        return (scalar, length)
    }
}
