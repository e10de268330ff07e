/// Lines in the shape of HDFS: blocks that come and go between nodes.
struct StorageLines: LineWriter {
    let hasWords = true
    private let vocabulary: Vocabulary
    private var dice: Dice
    private let nodes: [String]
    private var blocks: [(name: String, size: Int)] = []

    init(_ vocabulary: Vocabulary, _ dice: Dice) {
        var dice = dice
        self.vocabulary = vocabulary
        nodes = (0..<400).map { _ in "10.25\(dice.below(2)).\(dice.below(40)).\(1 + dice.below(254))" }
        for _ in 0..<120 { blocks.append(Self.block(&dice)) }
        self.dice = dice
    }

    private static func block(_ dice: inout Dice) -> (String, Int) {
        let size = dice.isTrue(0.25) ? 67_108_864 : Int(dice.duration(median: 3_000_000, spread: 1.2))
        return ("blk_\(dice.isTrue(0.5) ? "-" : "")\(dice.next() >> 1)_\(1_000_000 + dice.below(9_000_000))", size)
    }

    mutating func line(at time: CalendarTime, isTimeout: Bool, word: String?) -> String {
        let place = dice.below(blocks.count)
        if dice.isTrue(0.8) { blocks[place] = Self.block(&dice) }
        let front = "2026-11-\(time.day) \(time.clock),\(time.milliseconds)"
        let end = word.map { " token \($0)" } ?? ""
        if isTimeout {
            let waited = Int(dice.duration(median: 30_000, spread: 0.5))
            return
                "\(front) ERROR dfs.DataNode: writing \(blocks[place].name) to /\(dice.one(of: nodes)):50010: connection timed out after \(waited) ms\(end)"
        }
        return "\(front) \(body(blocks[place]))\(end)"
    }

    private mutating func body(_ block: (name: String, size: Int)) -> String {
        let (name, size) = block
        let (near, far) = (dice.one(of: nodes), dice.one(of: nodes))
        switch dice.below(20) {
        case 0..<5:
            return
                "INFO dfs.DataXceiver: Receiving \(name) src: /\(far):\(32_768 + dice.below(28_000)) dest: /\(near):50010"
        case 5..<10: return "INFO dfs.FSNamesystem: \(near):50010 is added to \(name) size \(size)"
        case 10..<13: return "INFO dfs.PacketResponder: \(dice.below(3)) for \(name) ends"
        case 13..<16: return "INFO dfs.DataNode: Received \(name) of size \(size) from /\(far)"
        case 16:
            let path = dice.favourite(of: vocabulary.paths)
            return
                "INFO dfs.FSNamesystem: \(name) is for /user/\(dice.favourite(of: vocabulary.users))\(path)/_task_2026111900\(10 + dice.below(60))_m_\(padded(dice.below(2000), 6))/part-\(padded(dice.below(2000), 5))"
        case 17: return "INFO dfs.DataBlockScanner: \(name) is as it was written, checksum \(dice.hexadecimal(8))"
        case 18:
            return
                "INFO dfs.DataXceiver: Served \(name) to /\(far):\(32_768 + dice.below(28_000)) in \(Int(dice.duration(median: 40, spread: 1))) ms"
        default:
            return
                "WARN dfs.FSDataset: \(name) was to be deleted and is not in volume /data/\(dice.below(12)), generation \(1000 + dice.below(90_000))"
        }
    }
}
