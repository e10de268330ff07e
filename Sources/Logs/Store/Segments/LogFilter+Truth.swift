/// What is known of a block's lines without reading them.
enum BlockTruth {
    /// No line fulfils it.
    case never
    /// All do.
    case surely
    case perhaps

    init(_ value: Bool) { self = value ? .surely : .never }
}

extension LogFilter {
    /// - Parameter mayHold: whether all of the words may be in the block.
    func truth(of block: BlockSummary, _ stream: LogStream, _ mayHold: ([UInt64]) -> Bool) -> BlockTruth {
        switch self {
        case .all: return .surely
        case .and(let filters):
            var result = BlockTruth.surely
            // What costs nothing first.
            for filter in filters.sorted(by: { $0.isCheap && !$1.isCheap }) {
                switch filter.truth(of: block, stream, mayHold) {
                case .never: return .never
                case .perhaps: result = .perhaps
                case .surely: break
                }
            }
            return result
        case .or(let filters):
            var result = BlockTruth.never
            for filter in filters {
                switch filter.truth(of: block, stream, mayHold) {
                case .surely: return .surely
                case .perhaps: result = .perhaps
                case .never: break
                }
            }
            return result
        case .not(let filter):
            switch filter.truth(of: block, stream, mayHold) {
            case .never: return .surely
            case .surely: return .never
            case .perhaps: return .perhaps
            }
        case .condition(let condition): return condition.truth(of: block, stream, mayHold)
        }
    }

    private var isCheap: Bool {
        if case .condition(let condition) = self { return condition.field != "message" }
        return false
    }
}

extension LogCondition {
    fileprivate func truth(of block: BlockSummary, _ stream: LogStream, _ mayHold: ([UInt64]) -> Bool) -> BlockTruth {
        if !block.names.contains(field) {
            switch field {
            case "message": break
            case "level": return levelTruth(block.levels)
            case "time": return timeTruth(block)
            default: return BlockTruth(BlockRows.passes(test, label: stream[field]))
            }
        }
        if case .exists = test, field == "message" { return .surely }
        // A row without the field may have a label of that name, which is in no filter.
        if stream[field] != nil || field == "level" || field == "time" { return .perhaps }
        let words = test.neededWords
        return words.isEmpty || mayHold(words) ? .perhaps : .never
    }

    private func levelTruth(_ levels: UInt16) -> BlockTruth {
        let there = LogLevel.allCases.filter { levels >> UInt16($0.rawValue) & 1 == 1 }
        let passing = there.filter { level in
            if case .level(let range) = test { return range.contains(level) }
            return level != .none && BlockRows.passes(test, label: level.word)
        }
        return passing.isEmpty ? .never : passing.count == there.count ? .surely : .perhaps
    }

    private func timeTruth(_ block: BlockSummary) -> BlockTruth {
        guard case .range(let range) = test else { return .perhaps }
        let (first, last) = (Double(block.firstTime), Double(block.lastTime))
        if last < range.lowerBound || first > range.upperBound { return .never }
        return range.contains(first) && range.contains(last) ? .surely : .perhaps
    }
}
