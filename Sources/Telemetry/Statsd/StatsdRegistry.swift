/// What is known of series beyond an interval.
struct StatsdRegistry: ~Copyable {
    struct State: BitwiseCopyable {
        /// The flush that last wrote news of it.
        var seen: UInt32
        var isGone = false
        /// A gauge's value; of others, what the last interval with news came to.
        var value = 0.0
    }

    /// A series of the sink that is not known yet.
    static let unknown = UInt32.max

    /// How many series had news in this flush, or were written without.
    private(set) var touched = 0

    private var table: FlatTable<State>
    /// By number: the sink's numbers of a series' outputs, and the bins of a timer.
    private var outputs: [[UInt32]] = []
    private var bins: [[Double]] = []
    /// By number: who sent a series first, as a place in `liveOfSender`.
    private var senders: [UInt32] = []
    /// How many series a sender has that are not gone.
    private(set) var liveOfSender: [Int] = [0]
    private var flush: UInt32 = 0
    private var gone = 0

    init(seed: UInt64) { table = FlatTable(seed: seed) }

    deinit {
        var table = table
        table.free()
    }

    mutating func beginFlush() {
        flush &+= 1
        touched = 0
    }

    /// The number of a series, made if it is new, and seen in this flush.
    /// - Parameter sender: who has sent it, if it is new.
    mutating func touch(
        _ name: UnsafeRawBufferPointer, _ kind: StatsdKind, outputs make: StatsdOutputs, sender: UInt32 = 0
    ) -> Int {
        let number = find(name, kind)
        if number < 0 { return add(name, kind, outputs: make, sender: sender) }
        if table.entries[number].state.isGone {
            gone -= 1
            liveOfSender[Int(senders[number])] += 1
            table.entries[number].state = State(seen: flush)
            touched += 1
            return number
        }
        if table.entries[number].state.seen != flush { touched += 1 }
        table.entries[number].state.seen = flush
        return number
    }

    /// Whether a series is there, and not gone.
    func isLive(_ name: [UInt8], _ kind: StatsdKind) -> Bool {
        let number = name.withUnsafeBytes { find($0, kind) }
        return number >= 0 && !table.entries[number].state.isGone
    }

    /// The place of one more sender.
    mutating func addSender() -> UInt32 {
        liveOfSender.append(0)
        return UInt32(liveOfSender.count - 1)
    }

    /// Makes names anew, when settings have changed. Values stay.
    mutating func rename(_ make: StatsdOutputs) {
        for number in 0..<table.count {
            let limits = kind(number) == .timer ? make.bins(name(number)) : []
            bins[number] = limits
            outputs[number] = Array(repeating: Self.unknown, count: make.count(kind(number), bins: limits))
        }
    }

    private func find(_ name: UnsafeRawBufferPointer, _ kind: StatsdKind) -> Int {
        // Names of tallies are filled up to whole words; others are copied.
        let (hash, identity) = hash(name, kind)
        return withUnsafeTemporaryAllocation(byteCount: name.count + 8, alignment: 8) { copy in
            guard let key = copy.baseAddress else { return -1 }
            copy.copyMemory(from: name)
            return table.find(hash: hash, identity: identity, key: key, tags: key)
        }
    }

    private func hash(_ name: UnsafeRawBufferPointer, _ kind: StatsdKind) -> (
        hash: UInt64, identity: UInt64
    ) {
        guard let start = name.baseAddress else { return (0, 0) }
        let identity = FlatTable<State>.identity(keyBytes: name.count, tagBytes: 0, kind: kind)
        let keyHash = Word.hash(start, count: name.count, from: table.seed)
        return (
            FlatTable<State>.finish(keyHash: keyHash, tags: start, tagBytes: 0, identity: identity),
            identity
        )
    }

    private mutating func add(
        _ name: UnsafeRawBufferPointer, _ kind: StatsdKind, outputs make: StatsdOutputs, sender: UInt32
    ) -> Int {
        guard let start = name.baseAddress else { return 0 }
        let (hash, identity) = hash(name, kind)
        let limits = kind == .timer ? make.bins(name) : []
        touched += 1
        outputs.append(Array(repeating: Self.unknown, count: make.count(kind, bins: limits)))
        bins.append(limits)
        senders.append(sender)
        liveOfSender[Int(sender)] += 1
        return table.insert(
            hash: hash, identity: identity, key: start, tags: start, state: State(seen: flush))
    }

    func name(_ series: Int) -> UnsafeRawBufferPointer { table.key(series) }
    func kind(_ series: Int) -> StatsdKind { table.kind(series) }
    func value(_ series: Int) -> Double { table.entries[series].state.value }
    func setValue(_ series: Int, _ value: Double) { table.entries[series].state.value = value }
    func sender(_ series: Int) -> UInt32 { senders[series] }
    func bins(_ series: Int) -> [Double] { bins[series] }
    func output(_ series: Int, _ output: Int) -> UInt32 { outputs[series][output] }
    mutating func setOutput(_ series: Int, _ output: Int, _ index: UInt32) {
        outputs[series][output] = index
    }

    /// The series that had no news and are written all the same. Those that expire are marked.
    mutating func idle(_ idle: StatsdIdle) -> [Int] {
        var written: [Int] = []
        for number in 0..<table.count {
            let state = table.entries[number].state
            if state.isGone || state.seen == flush { continue }
            if case .expire(let intervals) = idle.rule(table.kind(number)),
                Int(flush &- state.seen) > intervals
            {
                bury(number)
            } else {
                written.append(number)
                touched += 1
            }
        }
        return written
    }

    private mutating func bury(_ number: Int) {
        table.entries[number].state.isGone = true
        liveOfSender[Int(senders[number])] -= 1
        gone += 1
    }

    /// Forgets what has expired, when it is worth the work: a series that is idle now and then keeps its
    /// numbers for that long.
    mutating func removeExpired() {
        guard gone > 1024, gone * 2 > table.count else { return }
        var kept = StatsdRegistry(seed: table.seed)
        kept.flush = flush
        kept.touched = touched
        for number in 0..<table.count where !table.entries[number].state.isGone {
            guard let start = table.key(number).baseAddress else { continue }
            let (hash, identity) = hash(table.key(number), table.kind(number))
            _ = kept.table.insert(
                hash: hash, identity: identity, key: start, tags: start, state: table.entries[number].state)
            kept.outputs.append(outputs[number])
            kept.bins.append(bins[number])
            kept.senders.append(senders[number])
        }
        kept.liveOfSender = liveOfSender
        self = kept
    }

    /// What gauges are now.
    var gauges: [(name: [UInt8], value: Double)] {
        (0..<table.count).compactMap { number in
            guard !table.entries[number].state.isGone, table.kind(number) == .gauge else { return nil }
            return (Array(table.key(number)), table.entries[number].state.value)
        }
    }

    /// The series of a kind that are known, with their last values.
    func list(_ kind: StatsdKind) -> [(name: String, value: Double)] {
        (0..<table.count).compactMap { number in
            guard !table.entries[number].state.isGone, table.kind(number) == kind else { return nil }
            return (String(decoding: table.key(number), as: UTF8.self), table.entries[number].state.value)
        }
    }

    /// Marks series as gone. Returns their names.
    mutating func remove(_ kind: StatsdKind, matching pattern: String) -> [String] {
        let folder = pattern.hasSuffix(".*") ? pattern.dropLast() : nil
        var removed: [String] = []
        for number in 0..<table.count
        where !table.entries[number].state.isGone && table.kind(number) == kind {
            let name = String(decoding: table.key(number), as: UTF8.self)
            guard name == pattern || folder.map({ name.hasPrefix($0) }) == true else { continue }
            bury(number)
            removed.append(name)
        }
        return removed
    }
}
