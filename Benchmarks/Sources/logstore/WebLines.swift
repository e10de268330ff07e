/// Lines in nginx's combined form with time and identity of requests behind it, and those of its log of errors: visitors who look at some pages each.
struct WebLines: LineWriter {
    private struct Visitor {
        var address: String
        var agent: String
        var came: String
        var left: Int
    }

    /// A line of requests says what its form says, and nothing else.
    let hasWords = false
    private let vocabulary: Vocabulary
    private var dice: Dice
    private var visitors: [Visitor] = []
    private var connection = 100_000

    init(_ vocabulary: Vocabulary, _ dice: Dice) {
        self.vocabulary = vocabulary
        self.dice = dice
        for _ in 0..<60 { visitors.append(visitor()) }
    }

    private mutating func visitor() -> Visitor {
        Visitor(
            address: dice.address(), agent: dice.favourite(of: vocabulary.agents),
            came: dice.isTrue(0.5) ? "-" : dice.favourite(of: vocabulary.referrers), left: 1 + dice.below(6))
    }

    mutating func line(at time: CalendarTime, isTimeout: Bool, word: String?) -> String {
        let place = dice.below(visitors.count)
        let visitor = visitors[place]
        let path = path()
        connection += dice.below(9)
        if isTimeout {
            return
                "2026/11/\(time.day) \(time.clock) [error] 31#31: *\(connection) upstream 10.0.3.\(1 + dice.below(9)):8080: connection timed out, client: \(visitor.address), server: www.shop.example, request: \"GET \(path) HTTP/1.1\""
        }
        visitors[place].left -= 1
        if visitors[place].left == 0 { visitors[place] = self.visitor() }
        if !path.hasPrefix("/static") { visitors[place].came = "https://www.shop.example\(path)" }
        let status = dice.favourite(of: [200, 200, 304, 200, 302, 404, 200, 499, 500])
        let bytes = status == 304 ? 0 : Int(dice.duration(median: 5200, spread: 1.1))
        let took = Int(dice.duration(median: 60, spread: 1.2))
        let method = dice.isTrue(0.1) ? "POST" : "GET"
        return
            "\(visitor.address) - - [\(time.day)/Nov/2026:\(time.clock) +0000] \"\(method) \(path) HTTP/\(dice.isTrue(0.7) ? "2.0" : "1.1")\" \(status) \(bytes) \"\(visitor.came)\" \"\(visitor.agent)\" rt=\(took / 1000).\(padded(took % 1000, 3)) id=\(dice.hexadecimal(32))"
    }

    private mutating func path() -> String {
        if dice.isTrue(0.4) { return dice.favourite(of: vocabulary.assets) }
        let path = dice.favourite(of: vocabulary.paths)
        switch dice.below(4) {
        case 0: return "\(path)/\(dice.rank(200_000))"
        case 1:
            return
                "\(path)?q=\(dice.favourite(of: vocabulary.words))+\(dice.favourite(of: vocabulary.words))&page=\(1 + dice.rank(40))"
        default: return path
        }
    }
}
