/// Applies one pattern to many texts. All of them together may take a bounded number of steps.
package struct PatternMatcher {
    /// The steps that one matcher may take: about a second.
    package static let stepsMax = 50_000_000
    /// The most places of the pattern times places of the text that are remembered.
    private static let placesMax = 64 << 20

    private let pattern: BoundedPattern
    private var stepsLeft: Int
    private var visited: [UInt64] = []
    private var touched: [Int] = []
    /// Do what needs no groups, if the pattern does not look ahead; made when they are asked for.
    private var anywhere: PatternAutomaton?
    private var beginning: PatternAutomaton?

    package init(_ pattern: BoundedPattern, steps: Int = PatternMatcher.stepsMax) {
        self.pattern = pattern
        stepsLeft = steps
    }

    /// Whether it is anywhere in the text.
    package mutating func contains(_ text: String) throws(TelemetryProblem) -> Bool {
        if anywhere == nil { anywhere = PatternAutomaton(pattern) }
        if let contains = anywhere?.matches(text) { return contains }
        return try find(in: scalars(text), from: 0) != nil
    }

    /// Whether the text begins with it.
    package mutating func matchesBeginning(of text: String) throws(TelemetryProblem) -> Bool {
        if beginning == nil { beginning = PatternAutomaton(pattern, isAnchored: true) }
        if let matches = beginning?.matches(text) { return matches }
        let input = scalars(text)
        try prepare(for: input)
        return try run(from: 0, at: 0, in: input) != nil
    }

    func scalars(_ text: String) -> [UInt32] {
        pattern.ignoresCase
            ? text.unicodeScalars.map { PatternSet.lower($0.value) } : text.unicodeScalars.map(\.value)
    }

    /// The first match from a place on: begin and end of every group, -1 for those that took no part.
    mutating func find(in input: [UInt32], from start: Int) throws(TelemetryProblem) -> [Int]? {
        try prepare(for: input)
        for place in start...input.count {
            if let groups = try run(from: 0, at: place, in: input) { return groups }
        }
        return nil
    }

    private mutating func prepare(for input: [UInt32]) throws(TelemetryProblem) {
        let places = pattern.instructions.count * (input.count + 1)
        guard places <= Self.placesMax else { throw tooMuch }
        for word in touched { visited[word] = 0 }
        touched.removeAll(keepingCapacity: true)
        if visited.count * 64 < places { visited = Array(repeating: 0, count: places / 64 + 1) }
    }

    private var tooMuch: TelemetryProblem {
        TelemetryProblem(
            "graph.pattern-too-expensive", "The pattern `\(pattern.text.prefix(120))` was not applied.",
            cause: "It takes too many steps over these names; \(Self.stepsMax) are allowed.",
            remedy: "Write a simpler pattern, or apply it to fewer series.")
    }

    private enum Job {
        case visit(Int, Int)
        case restore(Int, Int)
    }

    /// Whether this place has not been tried in this search. What failed once fails again.
    private mutating func isNew(_ instruction: Int, _ place: Int, _ length: Int) -> Bool {
        let bit = instruction * (length + 1) + place
        let mask: UInt64 = 1 << UInt64(bit & 63)
        if visited[bit >> 6] & mask != 0 { return false }
        if visited[bit >> 6] == 0 { touched.append(bit >> 6) }
        visited[bit >> 6] |= mask
        return true
    }

    private mutating func run(
        from instruction: Int, at place: Int, in input: [UInt32]
    ) throws(TelemetryProblem) -> [Int]? {
        var groups = [Int](repeating: -1, count: (pattern.groupCount + 1) * 2)
        var jobs: [Job] = [.visit(instruction, place)]
        while let job = jobs.popLast() {
            switch job {
            case .restore(let slot, let old): groups[slot] = old
            case .visit(let instruction, let place):
                if try walk(instruction, place, input, &groups, &jobs) { return groups }
            }
        }
        return nil
    }

    /// Goes on until it fails (false) or matches (true); what else can be tried is put on the stack.
    private mutating func walk(
        _ instruction: Int, _ place: Int, _ input: [UInt32], _ groups: inout [Int], _ jobs: inout [Job]
    ) throws(TelemetryProblem) -> Bool {
        var at = instruction
        var place = place
        while true {
            guard stepsLeft > 0 else { throw tooMuch }
            stepsLeft -= 1
            guard isNew(at, place, input.count) else { return false }
            switch pattern.instructions[at] {
            case .match: return true
            case .scalar(let scalar):
                guard place < input.count, input[place] == scalar else { return false }
                place += 1
                at += 1
            case .set(let set):
                guard place < input.count,
                    pattern.sets[set].contains(input[place], ignoresCase: pattern.ignoresCase)
                else { return false }
                place += 1
                at += 1
            case .assertion(let assertion):
                guard Self.holds(assertion, place, input) else { return false }
                at += 1
            case .jump(let next): at = next
            case .split(let first, let second):
                jobs.append(.visit(second, place))
                at = first
            case .save(let slot):
                jobs.append(.restore(slot, groups[slot]))
                groups[slot] = place
                at += 1
            case .lookAhead(let isNegative, let next):
                guard try looksAhead(at + 1, place, input) != isNegative else { return false }
                at = next
            }
        }
    }

    /// Runs with a memory of its own, because a success here is no end of the whole.
    private mutating func looksAhead(
        _ instruction: Int, _ place: Int, _ input: [UInt32]
    ) throws(TelemetryProblem) -> Bool {
        var inner = PatternMatcher(pattern, steps: stepsLeft)
        try inner.prepare(for: input)
        stepsLeft -= min(stepsLeft, inner.visited.count / 16)
        let isFound = try inner.run(from: instruction, at: place, in: input) != nil
        stepsLeft = min(stepsLeft, inner.stepsLeft)
        return isFound
    }

    private static func holds(_ assertion: PatternAssertion, _ place: Int, _ input: [UInt32]) -> Bool {
        switch assertion {
        case .textStart: return place == 0
        case .textEnd: return place == input.count
        case .end: return place == input.count || place == input.count - 1 && input[place] == 0x0A
        case .lineStart: return place == 0 || input[place - 1] == 0x0A
        case .lineEnd: return place == input.count || input[place] == 0x0A
        case .wordBoundary, .noWordBoundary:
            let before = place > 0 && PatternSet.isWord(input[place - 1])
            let after = place < input.count && PatternSet.isWord(input[place])
            return (before != after) == (assertion == .wordBoundary)
        }
    }
}
