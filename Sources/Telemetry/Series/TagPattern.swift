/// A regular expression that is matched in time `pattern × text`, whatever both are: all ways through it are
/// followed at once (Thompson, CACM 1968; Cox, "Regular Expression Matching: the Virtual Machine Approach",
/// 2009). So a condition on a tag cannot hold up the store.
///
/// It knows literals, `.`, `[…]`, `\d \w \s` and their opposites, `( )`, `(?: )`, `|`, `* + ? {m,n}` (also
/// lazy ones, which match alike), `^` and `$`. References back and looking around are refused.
struct TagPattern: Sendable {
    private static let stepsMax = 20_000

    private enum Step: Sendable {
        case take(ByteSet)
        case fork(Int, Int)
        case jump(Int)
        case start
        case end
        case accept
    }

    private let steps: [Step]

    /// Nil if the text is no such expression, or too large when repetitions are written out.
    init?(_ text: String) {
        var parser = Parser(bytes: Array(text.utf8))
        guard let node = parser.alternatives(depth: 0), parser.isAtEnd else { return nil }
        var steps: [Step] = []
        guard Self.emit(node, into: &steps) else { return nil }
        self.steps = steps + [.accept]
    }

    /// Whether it matches at the beginning of a text.
    func matchesStart(of text: some StringProtocol) -> Bool {
        var current = Threads(count: steps.count)
        var next = Threads(count: steps.count)
        let bytes = Array(text.utf8)
        if follow(0, at: 0, bytes.count, &current) { return true }
        for (at, byte) in bytes.enumerated() {
            if current.list.isEmpty { return false }
            next.clear()
            for thread in current.list {
                guard case .take(let set) = steps[thread], set.contains(byte) else { continue }
                if follow(thread + 1, at: at + 1, bytes.count, &next) { return true }
            }
            swap(&current, &next)
        }
        return false
    }

    /// Adds the steps that take a byte and are reached without one. Returns whether the end is.
    private func follow(_ first: Int, at: Int, _ count: Int, _ threads: inout Threads) -> Bool {
        var open = [first]
        while let step = open.popLast() {
            guard threads.mark(step) else { continue }
            switch steps[step] {
            case .take: threads.list.append(step)
            case .fork(let one, let other): open += [other, one]
            case .jump(let target): open.append(target)
            case .start: if at == 0 { open.append(step + 1) }
            case .end: if at == count { open.append(step + 1) }
            case .accept: return true
            }
        }
        return false
    }

    private struct Threads {
        var list: [Int] = []
        private var marks: [Int]
        private var round = 1

        init(count: Int) { marks = Array(repeating: 0, count: count) }

        mutating func clear() {
            list.removeAll(keepingCapacity: true)
            round += 1
        }

        /// Whether a step is met for the first time in this round.
        mutating func mark(_ step: Int) -> Bool {
            if marks[step] == round { return false }
            marks[step] = round
            return true
        }
    }

    private static func emit(_ node: Node, into steps: inout [Step]) -> Bool {
        guard steps.count < stepsMax else { return false }
        switch node {
        case .take(let set): steps.append(.take(set))
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .row(let nodes): return nodes.allSatisfy { emit($0, into: &steps) }
        case .choice(let nodes):
            var jumps: [Int] = []
            for (index, choice) in nodes.enumerated() {
                let fork = steps.count
                if index < nodes.count - 1 { steps.append(.fork(fork + 1, 0)) }
                guard emit(choice, into: &steps) else { return false }
                guard index < nodes.count - 1 else { break }
                jumps.append(steps.count)
                steps.append(.jump(0))
                steps[fork] = .fork(fork + 1, steps.count)
            }
            for jump in jumps { steps[jump] = .jump(steps.count) }
        case .some(let inner, let least, let most):
            for _ in 0..<least where !emit(inner, into: &steps) { return false }
            guard let most else {
                let fork = steps.count
                steps.append(.fork(0, 0))
                guard emit(inner, into: &steps) else { return false }
                steps.append(.jump(fork))
                steps[fork] = .fork(fork + 1, steps.count)
                return true
            }
            var forks: [Int] = []
            for _ in least..<max(least, most) {
                forks.append(steps.count)
                steps.append(.fork(0, 0))
                guard emit(inner, into: &steps) else { return false }
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        }
        return true
    }

    fileprivate indirect enum Node {
        case take(ByteSet)
        case start
        case end
        case row([Node])
        case choice([Node])
        case some(Node, Int, Int?)

        /// One character that is in a set of ASCII, or any other one.
        static func character(_ set: ByteSet) -> Node {
            guard set.hasOthers else { return .take(set) }
            return .row([.take(set.leading), .some(.take(.continuing), 0, nil)])
        }
    }
}

/// A set of bytes.
private struct ByteSet: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0

    init() {}

    init(_ ranges: ClosedRange<UInt8>...) { for range in ranges { for byte in range { insert(byte) } } }

    /// The bytes that go on with a character in UTF-8.
    static let continuing = ByteSet(0x80...0xBF)
    static let digits = ByteSet(0x30...0x39)
    static let word = ByteSet(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A)
    static let space = ByteSet(0x09...0x0D, 0x20...0x20)

    /// Whether it has characters that are not ASCII; it has all of them then.
    var hasOthers: Bool { third != 0 || fourth != 0 }

    /// Without the bytes that only go on with a character.
    var leading: ByteSet {
        var result = self
        result.third = 0
        return result
    }

    var inverted: ByteSet {
        var result = ByteSet()
        (result.low, result.high, result.third, result.fourth) = (~low, ~high, ~third, ~fourth)
        return result
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        return switch byte >> 6 {
        case 0: low & bit != 0
        case 1: high & bit != 0
        case 2: third & bit != 0
        default: fourth & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: low |= bit
        case 1: high |= bit
        case 2: third |= bit
        default: fourth |= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        low |= other.low
        high |= other.high
        third |= other.third
        fourth |= other.fourth
    }
}

/// Reads an expression; nil wherever it is none.
private struct Parser {
    private static let depthMax = 100
    let bytes: [UInt8]
    var at = 0

    var isAtEnd: Bool { at == bytes.count }
    private var next: Character? { at < bytes.count ? Character(UnicodeScalar(bytes[at])) : nil }

    init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func skip(_ character: Character) -> Bool {
        guard next == character else { return false }
        at += 1
        return true
    }

    mutating func alternatives(depth: Int) -> TagPattern.Node? {
        guard depth < Self.depthMax else { return nil }
        var choices: [TagPattern.Node] = []
        repeat {
            guard let row = row(depth: depth) else { return nil }
            choices.append(row)
        } while skip("|")
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func row(depth: Int) -> TagPattern.Node? {
        var nodes: [TagPattern.Node] = []
        while let character = next, character != "|", character != ")" {
            guard let atom = atom(depth: depth), let node = repeated(atom) else { return nil }
            nodes.append(node)
        }
        return .row(nodes)
    }

    private mutating func repeated(_ atom: TagPattern.Node) -> TagPattern.Node? {
        var node = atom
        var count = 0
        while let character = next {
            switch character {
            case "*": node = .some(node, 0, nil)
            case "+": node = .some(node, 1, nil)
            case "?": node = .some(node, 0, 1)
            case "{":
                guard let (least, most, end) = bounds() else { return nil }
                node = .some(node, least, most)
                at = end - 1
            default: return node
            }
            at += 1
            count += 1
            // A lazy one matches what an eager one does.
            _ = skip("?")
            if count > 4 { return nil }
        }
        return node
    }

    /// `{m}`, `{m,}` or `{m,n}`, and where it ends.
    private func bounds() -> (Int, Int?, end: Int)? {
        guard let close = bytes[at...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let parts = String(decoding: bytes[(at + 1)..<close], as: UTF8.self)
            .split(separator: ",", omittingEmptySubsequences: false)
        guard let first = parts.first, let least = Int(first), least >= 0, least <= 1000, parts.count <= 2 else {
            return nil
        }
        guard parts.count == 2 else { return (least, least, close + 1) }
        if parts[1].isEmpty { return (least, nil, close + 1) }
        guard let most = Int(parts[1]), most >= least, most <= 1000 else { return nil }
        return (least, most, close + 1)
    }

    private mutating func atom(depth: Int) -> TagPattern.Node? {
        guard let character = next else { return nil }
        at += 1
        switch character {
        case "(":
            if skip("?"), !skip(":") { return nil }
            guard let inner = alternatives(depth: depth + 1), skip(")") else { return nil }
            return inner
        case "[":
            guard let set = set() else { return nil }
            return .character(set)
        case ".": return .character(ByteSet().inverted)
        case "^": return .start
        case "$": return .end
        case "\\":
            guard let set = escape() else { return nil }
            return .character(set)
        case "*", "+", "?", "{": return nil
        default: return .take(ByteSet(bytes[at - 1]...bytes[at - 1]))
        }
    }

    /// What is behind a backslash.
    private mutating func escape() -> ByteSet? {
        guard let character = next else { return nil }
        at += 1
        switch character {
        case "d": return .digits
        case "D": return ByteSet.digits.inverted
        case "w": return .word
        case "W": return ByteSet.word.inverted
        case "s": return .space
        case "S": return ByteSet.space.inverted
        default:
            // A letter or digit is a reference or a kind that is not known.
            guard bytes[at - 1] < 0x80, !ByteSet.word.contains(bytes[at - 1]) else { return nil }
            return ByteSet(bytes[at - 1]...bytes[at - 1])
        }
    }

    /// What is behind `[`, up to its end.
    private mutating func set() -> ByteSet? {
        let isInverted = skip("^")
        var set = ByteSet()
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            guard let character = next, bytes[at] < 0x80 else { return nil }
            let low = bytes[at]
            at += 1
            if character == "\\" {
                guard let escaped = escape() else { return nil }
                set.formUnion(escaped)
            } else if next == "-", at + 1 < bytes.count, bytes[at + 1] != UInt8(ascii: "]") {
                let top = bytes[at + 1]
                guard top < 0x80, low <= top else { return nil }
                set.formUnion(ByteSet(low...top))
                at += 2
            } else {
                set.insert(low)
            }
        }
        at += 1
        return isInverted ? set.inverted : set
    }
}
