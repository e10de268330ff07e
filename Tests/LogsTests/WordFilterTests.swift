import Testing

@testable import Logs

@Suite("Filters of words")
struct WordFilterTests {
    private static func hash(_ word: String) -> UInt64 {
        Array(word.utf8).withUnsafeBufferPointer { word in word.baseAddress.map { LogWord.hash($0, word.count) } ?? 1 }
    }

    @Test("every word that is there is found, and of others at most three in a hundred", arguments: [1, 30, 20_000])
    func rate(words: Int) {
        var set = WordSet()
        for index in 0..<words { set.insert(Self.hash("word\(index)")) }
        let (bytes, buckets) = WordFilter.make(set)
        #expect(bytes.count == WordFilter.bytes(buckets: buckets))
        func mayHold(_ word: String) -> Bool? {
            let hash = Self.hash(word)
            let place = WordFilter.place(of: hash, buckets: buckets)
            return bytes.withUnsafeBytes {
                WordFilter.mayHold(hash, page: UnsafeRawBufferPointer(rebasing: $0[place.page]), bucket: place.bucket)
            }
        }
        #expect((0..<words).allSatisfy { mayHold("WORD\($0)") == true })
        let wrong = (0..<1000).count { mayHold("other\($0)") != false }
        #expect(wrong <= 30)
    }
}
