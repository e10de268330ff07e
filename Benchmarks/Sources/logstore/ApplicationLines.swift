/// Lines of apps that write JSON, each with its own names and in its own order.
struct ApplicationLines: LineWriter {
    let hasWords = true
    private let vocabulary: Vocabulary
    private var dice: Dice
    private let app: String
    private let modules: [String]
    private let sentences: [[String]]

    init(_ vocabulary: Vocabulary, _ dice: Dice, app: String) {
        var dice = dice
        self.vocabulary = vocabulary
        self.app = app
        modules = (0..<30).map { _ in
            "\(app).\(dice.favourite(of: vocabulary.words)).\(dice.favourite(of: vocabulary.words))"
        }
        sentences = (0..<80).map { _ in
            (0...2).map { _ in
                (0...dice.below(3)).map { _ in dice.favourite(of: vocabulary.words) }.joined(separator: " ")
            }
        }
        self.dice = dice
    }

    mutating func line(at time: CalendarTime, isTimeout: Bool, word: String?) -> String {
        let parts = dice.favourite(of: sentences)
        var said: String
        if isTimeout {
            said = "\(parts[0]): connection timed out after \(Int(dice.duration(median: 3000, spread: 0.4))) ms"
        } else {
            switch dice.below(3) {
            case 0: said = "\(parts[0]) \(dice.rank(300_000)) \(parts[1])"
            case 1:
                said =
                    "\(parts[0]) of \(dice.favourite(of: vocabulary.users)) \(parts[1]) in \(Int(dice.duration(median: 35, spread: 1.1))) ms"
            default: said = "\(parts[0]) \(parts[1]) \(parts[2])"
            }
        }
        if let word { said += " token \(word)" }
        let level = isTimeout ? "error" : dice.favourite(of: ["info", "debug", "info", "warn", "info", "error"])
        let module = dice.favourite(of: modules)
        let stamp = "2026-11-\(time.day)T\(time.clock)"
        let took = Int(dice.duration(median: 21_000, spread: 1.1))
        let took3 = "\(took / 1000).\(padded(took % 1000, 3))"
        switch app {
        case "shop":
            return
                #"{"@timestamp":"\#(stamp).\#(time.milliseconds)Z","level":"\#(level)","logger":"\#(module)","message":"\#(said)","trace":"\#(dice.hexadecimal(32))","span":"\#(dice.hexadecimal(16))","order":"\#(dice.uuid())","user":\#(dice.rank(400_000)),"ms":\#(took3)}"#
        case "billing":
            return
                #"{"level":"\#(level)","ts":"\#(stamp).\#(time.microseconds)Z","caller":"\#(module.split(separator: ".")[1])/\#(module.split(separator: ".")[2]).go:\#(20 + dice.rank(600))","msg":"\#(said)","request":"\#(dice.uuid())","account":"acc_\#(dice.hexadecimal(12))","span":"\#(dice.hexadecimal(16))","amount":\#(dice.rank(90_000))}"#
        default:
            return
                #"{"time":"\#(stamp).\#(time.microseconds)Z","severity":"\#(level)","message":"\#(said)","http":{"path":"\#(dice.favourite(of: vocabulary.paths))","status":\#(dice.favourite(of: [200, 201, 404, 500])),"took":\#(took3)},"shard":\#(dice.below(16)),"session":"\#(dice.hexadecimal(32))","request":"\#(dice.uuid())"}"#
        }
    }
}
