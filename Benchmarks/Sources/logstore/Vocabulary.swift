/// Words, paths and programs that nobody has: made of syllables, so that they are as varied as real ones.
struct Vocabulary {
    var words: [String] = []
    var users: [String] = []
    var paths: [String] = []
    var assets: [String] = []
    var agents: [String] = []
    var referrers: [String] = []

    private static let onsets = ["b", "br", "c", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w"]
    private static let vowels = ["a", "e", "i", "o", "u", "ai", "ea"]
    private static let codas = ["", "", "l", "n", "r", "s", "t", "nd", "ck"]

    init(_ dice: inout Dice) {
        for _ in 0..<3000 { words.append(Self.word(&dice)) }
        for number in 0..<4000 { users.append(words[number % 2500] + (number % 3 == 0 ? "\(dice.below(100))" : "")) }
        for _ in 0..<3000 {
            let parts = (0...dice.below(3)).map { _ in dice.favourite(of: words) }
            paths.append("/" + parts.joined(separator: dice.isTrue(0.5) ? "/" : "-"))
        }
        for _ in 0..<160 {
            let kind = dice.one(of: ["js", "css", "png", "webp", "woff2", "svg"])
            assets.append("/static/\(dice.favourite(of: words)).\(dice.hexadecimal(8)).\(kind)")
        }
        for _ in 0..<900 { agents.append(Self.agent(&dice)) }
        for _ in 0..<250 {
            referrers.append("https://www.\(dice.favourite(of: words)).example\(dice.favourite(of: paths))")
        }
    }

    private static func word(_ dice: inout Dice) -> String {
        (0...1 + dice.below(2)).map { _ in
            dice.one(of: onsets) + dice.one(of: vowels) + dice.one(of: codas)
        }.joined()
    }

    private static func agent(_ dice: inout Dice) -> String {
        let version = 90 + dice.below(60)
        let system = dice.favourite(of: [
            "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_\(dice.below(8))", "X11; Linux x86_64",
            "iPhone; CPU iPhone OS \(14 + dice.below(5))_\(dice.below(7)) like Mac OS X",
            "Linux; Android \(9 + dice.below(8)); SM-\(dice.one(of: ["A", "G", "S"]))\(100 + dice.below(900))",
        ])
        switch dice.below(8) {
        case 0: return "curl/8.\(dice.below(12)).\(dice.below(3))"
        case 1: return "Mozilla/5.0 (compatible; \(word(&dice))bot/\(dice.below(4)).\(dice.below(10)))"
        case 2, 3: return "Mozilla/5.0 (\(system); rv:\(version).0) Gecko/20100101 Firefox/\(version).0"
        case 4:
            return
                "Mozilla/5.0 (\(system)) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/\(version / 8).\(dice.below(7)) Safari/605.1.15"
        default:
            return
                "Mozilla/5.0 (\(system)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(version).0.\(dice.below(7000)).\(dice.below(200)) Safari/537.36"
        }
    }
}
