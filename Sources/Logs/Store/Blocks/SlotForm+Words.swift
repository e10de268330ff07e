extension SlotForm {
    /// Whether a word, in lower case, could be among those of this form.
    func mayHold(_ word: [UInt8]) -> Bool {
        switch self {
        case .constant(let own): own.count == word.count && zip(own, word).allSatisfy { LogWord.lower($0) == $1 }
        case .numbers(let numbers):
            word.count > numbers.prefix.count
                && zip(numbers.prefix, word).allSatisfy { LogWord.lower($0) == $1 }
                && word[numbers.prefix.count...].allSatisfy { LogWord.isDigit($0) }
                && (numbers.digits == 0 || word.count - numbers.prefix.count == numbers.digits)
        case .hexadecimal(let digits):
            word.count == digits && word.allSatisfy { LogWord.isDigit($0) || $0 &- 0x61 < 6 }
        case .words(let words):
            words.contains { own in own.count == word.count && zip(own, word).allSatisfy { LogWord.lower($0) == $1 } }
        case .plain: true
        }
    }
}
