/// Makes instructions of a pattern.
struct PatternCompiler {
    let pattern: String
    private(set) var instructions: [PatternInstruction] = []
    private(set) var sets: [PatternSet] = []

    init(pattern: String) { self.pattern = pattern }

    mutating func emit(_ instruction: PatternInstruction) throws(TelemetryProblem) {
        guard instructions.count < BoundedPattern.instructionsMax else {
            throw BoundedPattern.refusal(pattern, "It repeats too much: counted repetitions multiply.")
        }
        instructions.append(instruction)
    }

    mutating func compile(_ node: PatternNode) throws(TelemetryProblem) {
        switch node {
        case .empty: break
        case .scalar(let scalar): try emit(.scalar(scalar))
        case .set(let set):
            sets.append(set)
            try emit(.set(sets.count - 1))
        case .assertion(let assertion): try emit(.assertion(assertion))
        case .sequence(let nodes):
            for node in nodes { try compile(node) }
        case .group(let inner, let number):
            if let number { try emit(.save(number * 2)) }
            try compile(inner)
            if let number { try emit(.save(number * 2 + 1)) }
        case .alternatives(let branches): try compile(alternatives: branches)
        case .repetition(let inner, let min, let max, let isGreedy):
            let start = instructions.count
            for _ in 0..<min {
                try compile(inner)
                // What is empty is no more when it is repeated.
                if instructions.count == start { return }
            }
            if let max {
                try compile(inner, optionally: max - min, isGreedy)
            } else {
                try compile(forever: inner, isGreedy)
            }
        case .lookAhead(let inner, let isNegative):
            let start = instructions.count
            try emit(.lookAhead(isNegative: isNegative, next: 0))
            try compile(inner)
            try emit(.match)
            instructions[start] = .lookAhead(isNegative: isNegative, next: instructions.count)
        }
    }

    private mutating func compile(alternatives branches: [PatternNode]) throws(TelemetryProblem) {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try compile(branch)
                break
            }
            let split = instructions.count
            try emit(.split(split + 1, 0))
            try compile(branch)
            jumps.append(instructions.count)
            try emit(.jump(0))
            instructions[split] = .split(split + 1, instructions.count)
        }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    private mutating func compile(forever inner: PatternNode, _ isGreedy: Bool) throws(TelemetryProblem) {
        let split = instructions.count
        try emit(.split(0, 0))
        try compile(inner)
        try emit(.jump(split))
        let end = instructions.count
        instructions[split] = isGreedy ? .split(split + 1, end) : .split(end, split + 1)
    }

    private mutating func compile(
        _ inner: PatternNode, optionally count: Int, _ isGreedy: Bool
    ) throws(TelemetryProblem) {
        var splits: [Int] = []
        for _ in 0..<max(0, count) {
            splits.append(instructions.count)
            try emit(.split(0, 0))
            try compile(inner)
        }
        let end = instructions.count
        for split in splits { instructions[split] = isGreedy ? .split(split + 1, end) : .split(end, split + 1) }
    }
}
