import Logs

/// Lines as text, in the shapes of HDFS, OpenSSH, nginx and JSON applications, the same for the same seed. Varied as
/// real ones are: identities that come for a while and never again, names of which few come often, visitors, bursts.
/// They are a day of some thirty sources.
///
/// Of all lines 1.6 % say `connection timed out`, and three have the word `zx9quorum7`.
struct Corpus {
    static let phrase = "connection timed out"
    static let rare = "zx9quorum7"
    static let phraseShare = 0.016
    /// 2026-11-19, midnight.
    static let start: Int64 = 1_795_046_400_000_000_000
    static let day: Int64 = 86_400_000_000_000

    /// Lines of one source, one after the other in time.
    struct Burst {
        var stream: LogStream
        var text: [UInt8] = []
        /// Of each line, nanoseconds since 1970.
        var times: [Int64] = []
    }

    private let lines: Int
    private var made = 0
    private var rareLeft: [Int]
    private var dice: Dice
    private var sources: [CorpusSource] = []
    /// A source comes as often as its number is here.
    private var turns: [Int] = []

    init(lines: Int, seed: UInt64 = 1) {
        self.lines = lines
        rareLeft = [lines / 5, lines / 2, lines - 2000]
        dice = Dice(seed: seed)
        let vocabulary = Vocabulary(&dice)
        func add(_ stream: LogStream, _ turns: Int, _ writer: any LineWriter) {
            self.turns += Array(repeating: sources.count, count: turns)
            sources.append(CorpusSource(stream: stream, writer: writer, turns: turns))
        }
        for number in 1...8 {
            add(
                ["app": "hdfs", "host": "data-\(number)", "source": "file"], 10,
                StorageLines(vocabulary, Dice(seed: dice.next())))
        }
        for number in 1...6 {
            let host = "gate-\(number)"
            add(
                ["app": "sshd", "host": host, "source": "syslog"], 10,
                ShellLines(vocabulary, Dice(seed: dice.next()), host: host))
        }
        for number in 1...4 {
            add(
                ["app": "web", "host": "web-\(number)", "source": "nginx"], 2,
                WebLines(vocabulary, Dice(seed: dice.next())))
        }
        for (number, app) in ["shop", "billing", "search"].enumerated() {
            for host in 1...4 {
                add(
                    ["app": app, "host": "app-\(host)", "source": "stdout"], 2 + number % 2,
                    ApplicationLines(vocabulary, Dice(seed: dice.next()), app: app))
            }
        }
    }

    /// The next lines; nil at the end.
    mutating func next() -> Burst? {
        guard made < lines else { return nil }
        let number = dice.one(of: turns)
        let count = min(lines - made, 300 + dice.below(2400))
        let share = Double(sources[number].turns) / Double(turns.count)
        let step = Double(Self.day) / (Double(lines) * share)
        // Some bursts come five times as fast as others.
        let pace = step * (0.33 + 1.34 * dice.share())
        var burst = Burst(stream: sources[number].stream)
        for _ in 0..<count {
            sources[number].time += Int64(pace * dice.gap())
            let isRare = sources[number].writer.hasWords && rareLeft.first.map { $0 <= made } ?? false
            if isRare { rareLeft.removeFirst() }
            let line = sources[number].writer.line(
                at: CalendarTime(sources[number].time), isTimeout: dice.isTrue(Self.phraseShare),
                word: isRare ? Self.rare : nil)
            burst.text.append(contentsOf: line.utf8)
            burst.text.append(0x0A)
            burst.times.append(sources[number].time)
            made += 1
        }
        return burst
    }
}

struct CorpusSource {
    var stream: LogStream
    var writer: any LineWriter
    var turns: Int
    var time = Corpus.start
}

/// Writes the lines of one source.
protocol LineWriter {
    /// Whether a line may be asked to have a word.
    var hasWords: Bool { get }

    /// - Parameters:
    ///   - isTimeout: whether the line has the phrase.
    ///   - word: what the line has, too.
    mutating func line(at time: CalendarTime, isTimeout: Bool, word: String?) -> String
}
