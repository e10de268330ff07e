/// Reads patterns. Source of the grammar: Python 3, documentation of the module `re`.
struct PatternParser {
    private let text: String
    private let scalars: [UInt32]
    private var at = 0
    private var depth = 0
    private(set) var groupCount = 0
    private(set) var names: [String: Int] = [:]
    private(set) var ignoresCase = false
    private var isMultiline = false
    private var dotTakesLines = false

    init(_ text: String) {
        self.text = text
        scalars = text.unicodeScalars.map(\.value)
    }

    mutating func parse() throws(TelemetryProblem) -> PatternNode {
        guard scalars.count <= BoundedPattern.lengthMax else {
            throw refusal("It has \(scalars.count) characters, and \(BoundedPattern.lengthMax) are allowed")
        }
        try globalFlags()
        let node = try alternatives()
        guard at == scalars.count else { throw refusal("`)` has no `(`") }
        return node
    }

    private func refusal(_ cause: String) -> TelemetryProblem {
        BoundedPattern.refusal(text, "At character \(at + 1): \(cause).")
    }

    private func next(_ offset: Int = 0) -> UInt32? { at + offset < scalars.count ? scalars[at + offset] : nil }

    private func isNext(_ word: String) -> Bool {
        scalars[at...].starts(with: word.unicodeScalars.map(\.value))
    }

    private mutating func take(_ word: String) -> Bool {
        guard isNext(word) else { return false }
        at += word.unicodeScalars.count
        return true
    }

    /// `(?ims)` at the beginning.
    private mutating func globalFlags() throws(TelemetryProblem) {
        guard isNext("(?"), let flag = next(2), "aimsux".unicodeScalars.contains(where: { $0.value == flag }) else {
            return
        }
        at += 2
        while let flag = next(), flag != 0x29 {
            switch Unicode.Scalar(flag) {
            case "i": ignoresCase = true
            case "m": isMultiline = true
            case "s": dotTakesLines = true
            case "a", "u": break
            default: throw refusal("only the flags i, m and s are known, and only for the whole pattern")
            }
            at += 1
        }
        guard take(")") else { throw refusal("`(` is not closed") }
    }

    private mutating func alternatives() throws(TelemetryProblem) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 100 else { throw refusal("groups are nested more than 100 deep") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(TelemetryProblem) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next(), scalar != 0x7C, scalar != 0x29 {
            nodes.append(try repeated(try atom()))
        }
        return nodes.isEmpty ? .empty : nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func repeated(_ node: PatternNode) throws(TelemetryProblem) -> PatternNode {
        let bounds: (Int, Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if let counted = try counts() {
            bounds = counted
        } else {
            return node
        }
        if case .assertion = node { throw refusal("an assertion cannot be repeated") }
        let isGreedy = !take("?")
        if next() == 0x2B { throw refusal("possessive repetition is not known") }
        if next() == 0x2A || next() == 0x3F { throw refusal("a repetition is repeated") }
        return .repetition(node, min: bounds.0, max: bounds.1, isGreedy: isGreedy)
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}`; nil if the brace is only a brace.
    private mutating func counts() throws(TelemetryProblem) -> (Int, Int?)? {
        guard next() == 0x7B else { return nil }
        let start = at
        at += 1
        let low = number()
        var high = low
        if take(",") { high = number() } else if low == nil { high = -1 }
        guard take("}"), high != -1 else {
            at = start
            return nil
        }
        if let high, high < low ?? 0 { throw refusal("the bounds of a repetition are in the wrong order") }
        guard low ?? 0 <= 1000, high ?? 0 <= 1000 else { throw refusal("more than 1000 repetitions are counted") }
        return (low ?? 0, high)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next(), scalar >= 0x30, scalar <= 0x39 {
            value = min((value ?? 0) * 10 + Int(scalar - 0x30), 1 << 20)
            at += 1
        }
        return value
    }

    private mutating func atom() throws(TelemetryProblem) -> PatternNode {
        guard let scalar = next() else { return .empty }
        switch Unicode.Scalar(scalar) {
        case "(": return try group()
        case "[": return .set(try set())
        case "\\": return try escape()
        case "*", "+", "?": throw refusal("there is nothing to repeat")
        default: break
        }
        at += 1
        switch Unicode.Scalar(scalar) {
        case ".": return .set(PatternSet(ranges: dotTakesLines ? [] : [0x0A...0x0A], isNegated: true))
        case "^": return .assertion(isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(isMultiline ? .lineEnd : .end)
        default: return .scalar(ignoresCase ? PatternSet.lower(scalar) : scalar)
        }
    }

    private mutating func group() throws(TelemetryProblem) -> PatternNode {
        at += 1
        var number: Int?
        var look: Bool?
        if take("?") {
            if take("P<") {
                groupCount += 1
                number = groupCount
                let name = try groupName()
                guard names.updateValue(groupCount, forKey: name) == nil else {
                    throw refusal("the group `\(name)` is there twice")
                }
            } else if take("=") {
                look = false
            } else if take("!") {
                look = true
            } else if !take(":") {
                throw refusal("this kind of group is not known")
            }
        } else {
            groupCount += 1
            number = groupCount
        }
        guard groupCount <= 99 else { throw refusal("there are more than 99 groups") }
        let inner = try alternatives()
        guard take(")") else { throw refusal("`(` is not closed") }
        if let look { return .lookAhead(inner, isNegative: look) }
        return .group(inner, number)
    }

    private mutating func groupName() throws(TelemetryProblem) -> String {
        var name = ""
        while let scalar = next().flatMap(Unicode.Scalar.init), scalar != ">" {
            name.unicodeScalars.append(scalar)
            at += 1
        }
        let isName = name.unicodeScalars.allSatisfy { PatternSet.isWord($0.value) } && !name.isEmpty
        guard take(">"), isName, name.first?.isNumber != true else { throw refusal("a group has no proper name") }
        return name
    }

    private mutating func escape() throws(TelemetryProblem) -> PatternNode {
        at += 1
        guard let scalar = next() else { throw refusal("nothing follows the `\\`") }
        let assertion: PatternAssertion? =
            switch Unicode.Scalar(scalar) {
            case "A": .textStart
            case "Z": .textEnd
            case "b": .wordBoundary
            case "B": .noWordBoundary
            default: nil
            }
        if let assertion {
            at += 1
            return .assertion(assertion)
        }
        if scalar >= 0x31, scalar <= 0x39 { throw refusal("back-references are not known in patterns") }
        var set = PatternSet()
        if let single = try escaped(into: &set) {
            return .scalar(ignoresCase ? PatternSet.lower(single) : single)
        }
        return .set(set)
    }

    /// What a backslash makes of the next character: that is returned, or a class is put into the set.
    private mutating func escaped(into set: inout PatternSet) throws(TelemetryProblem) -> UInt32? {
        guard let scalar = next() else { throw refusal("nothing follows the `\\`") }
        at += 1
        switch Unicode.Scalar(scalar) {
        case "d", "D": set.classes.append((.digit, scalar == 0x44))
        case "s", "S": set.classes.append((.space, scalar == 0x53))
        case "w", "W": set.classes.append((.word, scalar == 0x57))
        case "n": return 0x0A
        case "t": return 0x09
        case "r": return 0x0D
        case "f": return 0x0C
        case "v": return 0x0B
        case "a": return 0x07
        case "b": return 0x08
        case "0": return 0
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        default:
            if scalar < 0x80, PatternSet.isWord(scalar), scalar != 0x5F {
                throw refusal("`\\` has no meaning before this letter")
            }
            return scalar
        }
        return nil
    }

    private mutating func hexadecimal(_ count: Int) throws(TelemetryProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = next().flatMap(Unicode.Scalar.init).flatMap({ Character($0).hexDigitValue }) else {
                throw refusal("\(count) hexadecimal digits are missing")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    private mutating func set() throws(TelemetryProblem) -> PatternSet {
        at += 1
        var set = PatternSet()
        if take("^") { set.isNegated = true }
        var isFirst = true
        while let scalar = next(), scalar != 0x5D || isFirst {
            isFirst = false
            guard let low = try member(of: &set) else { continue }
            guard next() == 0x2D, let after = next(1), after != 0x5D else {
                add(low...low, to: &set)
                continue
            }
            at += 1
            guard let high = try member(of: &set), low <= high else { throw refusal("a range is in the wrong order") }
            add(low...high, to: &set)
        }
        guard take("]") else { throw refusal("`[` is not closed") }
        return set
    }

    private mutating func member(of set: inout PatternSet) throws(TelemetryProblem) -> UInt32? {
        guard let scalar = next() else { throw refusal("`[` is not closed") }
        at += 1
        return scalar == 0x5C ? try escaped(into: &set) : scalar
    }

    /// Without case, what is looked at is in small letters, and then in capitals.
    private func add(_ range: ClosedRange<UInt32>, to set: inout PatternSet) {
        set.ranges.append(range)
        if ignoresCase, range.lowerBound == range.upperBound {
            let lower = PatternSet.lower(range.lowerBound)
            set.ranges.append(lower...lower)
        }
    }
}
