/// A test of texts, and what it says of shapes.
struct ShapeQuery {
    /// A piece of the text that is looked for.
    private enum Piece {
        case word([UInt8], hasDigit: Bool)
        /// Bytes of no word.
        case gap([UInt8])
    }

    let test: LogTest
    /// Whether all that is looked for is one word.
    private(set) var isWord = false
    /// The shape of the text that is looked for; nil if a test has none.
    private var shape: [UInt8]?
    /// The longest word with a digit that must be in a text.
    private var word: [UInt8]?
    private var pieces: [Piece] = []

    init(_ test: LogTest) {
        self.test = test
        switch test {
        case .phrase(let text):
            set(text)
            if case .word? = pieces.first, pieces.count == 1 { isWord = true }
        case .equals(let text): set(text)
        default: break
        }
    }

    private mutating func set(_ text: [UInt8]) {
        var shape: [UInt8] = []
        var at = 0
        text.withUnsafeBytes { raw in
            LogWord.forEach(in: raw) { range in
                if range.lowerBound > at { pieces.append(.gap(Array(raw[at..<range.lowerBound]))) }
                shape += raw[at..<range.lowerBound]
                at = range.upperBound
                let hasDigit = raw[range].contains(where: { LogWord.isDigit($0) })
                pieces.append(.word(raw[range].map(LogWord.lower), hasDigit: hasDigit))
                guard hasDigit else {
                    shape += raw[range]
                    return
                }
                shape.append(0x30)
                if range.count > word?.count ?? 0 { word = raw[range].map(LogWord.lower) }
            }
            if at < raw.count { pieces.append(.gap(Array(raw[at...]))) }
            shape += raw[at...]
        }
        self.shape = shape
    }

    func verdict(_ shape: TextColumn.Shape, _ text: UnsafeRawBufferPointer) -> TextColumn.Verdict {
        if shape.kind == .whole { return .perhaps(having: nil) }
        if shape.slots == 0 { return test.holds(text) ? .surely : .never }
        switch test {
        case .exists: return .surely
        case .phrase:
            if shape.kind == .open { return openVerdict(text, isWhole: false) }
            guard self.shape.map({ LogWord.contains($0, in: text) }) ?? true else { return .never }
            return word.map { .perhaps(having: [.init(word: $0)]) } ?? .surely
        case .equals:
            if shape.kind == .open { return openVerdict(text, isWhole: true) }
            guard let own = self.shape, text.elementsEqual(own) else { return .never }
            return .perhaps(having: word.map { [.init(word: $0)] })
        case .prefix(let prefix):
            let isThere = LogWord.contains(prefix, in: text, isPrefix: true)
            // A zero in a shape is any word that a slot may have.
            return isThere && !prefix.contains { LogWord.isDigit($0) } ? .surely : .perhaps(having: nil)
        case .range, .level:
            let first = text.first ?? 0
            return first == 0x30 || "+-.".utf8.contains(first) ? .perhaps(having: nil) : .never
        case .matches: return .perhaps(having: nil)
        }
    }

    /// Of a shape whose slots may hold any word.
    /// - Parameter isWhole: whether the text must be this and no more.
    private func openVerdict(_ text: UnsafeRawBufferPointer, isWhole: Bool) -> TextColumn.Verdict {
        if pieces.isEmpty { return isWhole && !text.isEmpty ? .never : .perhaps(having: nil) }
        var words: [TextColumn.SlotWord] = []
        var slot = 0
        for at in 0..<(isWhole ? min(1, text.count) : text.count) {
            defer { if text[at] == 0x30 { slot += 1 } }
            guard let found = fit(text, at, slot, isWhole: isWhole) else { continue }
            if found.word.isEmpty { return isWhole ? .perhaps(having: nil) : .surely }
            words.append(found)
        }
        return words.isEmpty ? .never : .perhaps(having: words)
    }

    /// The longest word that a slot must hold if what is looked for is here; empty if none must; nil if it is not here.
    /// - Parameter slot: how many slots are before this place.
    private func fit(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ slot: Int, isWhole: Bool
    ) -> TextColumn.SlotWord? {
        var (at, slot) = (start, slot)
        // Which piece is the longest word in a slot, and in which one.
        var longest: (piece: Int, slot: Int, count: Int) = (0, 0, 0)
        for index in pieces.indices {
            switch pieces[index] {
            case .gap(let bytes):
                guard at + bytes.count <= text.count else { return nil }
                for index in bytes.indices where text[at + index] != bytes[index] { return nil }
                at += bytes.count
            case .word(let word, let hasDigit):
                if at > 0, LogWord.isPart(text[at - 1]) { return nil }
                if at < text.count, text[at] == 0x30 {
                    if word.count > longest.count { longest = (index, slot, word.count) }
                    at += 1
                    slot += 1
                    continue
                }
                guard !hasDigit, at + word.count <= text.count,
                    at + word.count == text.count || !LogWord.isPart(text[at + word.count])
                else { return nil }
                for index in word.indices where LogWord.lower(text[at + index]) != word[index] { return nil }
                at += word.count
            }
        }
        if isWhole, at < text.count { return nil }
        guard longest.count > 0, case .word(let word, _) = pieces[longest.piece] else {
            return TextColumn.SlotWord(word: [])
        }
        return TextColumn.SlotWord(slot: longest.slot, word: word)
    }
}
