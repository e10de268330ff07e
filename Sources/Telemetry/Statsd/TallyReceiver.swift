/// Puts what a parser finds into a tally.
struct TallyReceiver: StatsdReceiver {
    let storage: UnsafeMutablePointer<TallyStorage>

    @inline(__always)
    func receive(_ sample: StatsdSample) {
        let identity = TallyTable.identity(
            keyBytes: sample.keyBytes, tagBytes: sample.tagBytes, kind: sample.kind)
        let hash = TallyTable.finish(
            keyHash: sample.keyHash, tags: sample.tags, tagBytes: sample.tagBytes, identity: identity)
        var number = storage.pointee.table.find(
            hash: hash, identity: identity, key: sample.key, tags: sample.tags)
        if number < 0 {
            number = storage.pointee.admit(sample, hash: hash, identity: identity)
            if number < 0 { return }
        }
        var entry = storage.pointee.table.entries + number
        if entry.pointee.canonical != UInt32(truncatingIfNeeded: number) {
            entry = storage.pointee.table.entries + Int(entry.pointee.canonical)
        }
        if sample.time != 0, storage.pointee.keepTimed(sample, entry) { return }
        switch sample.kind {
        case .counter:
            entry.pointee.state.sum += sample.value * sample.weight
        case .timer:
            entry.pointee.state.sum += sample.weight
            if let next = entry.pointee.state.next, next != entry.pointee.state.limit {
                next.pointee = sample.value
                entry.pointee.state.next = next + 1
            } else {
                storage.pointee.addSlowly(sample.value, to: entry)
            }
        case .gauge:
            let base = sample.isRelative ? entry.pointee.state.sum : 0
            entry.pointee.state.sum = base + sample.value
            let isSet = entry.pointee.state.marks & TallyState.isSetMark | (sample.isRelative ? 0 : 1)
            entry.pointee.state.marks = storage.pointee.milliseconds &<< 2 | isSet
        case .set:
            storage.pointee.addMember(sample, to: entry)
        }
        entry.pointee.state.updates &+= 1
    }

    func receiveNotice(_ kind: StatsdNoticeKind, _ line: UnsafeRawBufferPointer) {
        guard let notice = StatsdNotice(kind, line) else {
            storage.pointee.refuse(line, .noticeInvalid)
            return
        }
        if storage.pointee.notices.count < storage.pointee.limits.noticesMax {
            storage.pointee.notices.append(notice)
        } else {
            storage.pointee.counts.noticesLost &+= 1
        }
    }

    @inline(never)
    func refuse(_ line: UnsafeRawBufferPointer, _ reason: StatsdBadLineReason) {
        storage.pointee.refuse(line, reason)
    }
}

extension TallyStorage {
    /// Makes an entry for a name that is new, or a new spelling of a known one. Returns its number, or -1 if
    /// the name is refused or beyond the cap.
    @inline(never)
    mutating func admit(_ sample: StatsdSample, hash: UInt64, identity: UInt64) -> Int {
        guard table.count < limits.keysMax * 2, table.keyBytes < limits.keyBytesMax else {
            return refuseKey()
        }
        let key = UnsafeRawBufferPointer(start: sample.key, count: sample.keyBytes)
        let tags = UnsafeRawBufferPointer(start: sample.tags, count: sample.tagBytes)
        guard let name = StatsdName.canonical(key: key, tags: tags) else {
            refuse(key, .keyInvalid)
            return -1
        }
        let canonical = find(name, sample.kind, orInsert: true)
        guard canonical >= 0 else { return refuseKey() }
        if sample.tagBytes == 0, name.elementsEqual(key) { return canonical }
        let number = table.insert(
            hash: hash, identity: identity, key: sample.key, tags: sample.tags, state: TallyState())
        table.entries[number].canonical = UInt32(canonical)
        return number
    }

    private mutating func refuseKey() -> Int {
        counts.valuesBeyondKeys &+= 1
        return -1
    }

    /// The entry of a canonical name, or -1.
    mutating func find(_ name: [UInt8], _ kind: StatsdKind, orInsert: Bool) -> Int {
        let padded = name + [0, 0, 0, 0, 0, 0, 0, 0]
        return padded.withUnsafeBytes { bytes -> Int in
            guard let key = bytes.baseAddress else { return -1 }
            let identity = TallyTable.identity(keyBytes: name.count, tagBytes: 0, kind: kind)
            let keyHash = Word.hash(key, count: name.count, from: table.seed)
            let hash = TallyTable.finish(keyHash: keyHash, tags: key, tagBytes: 0, identity: identity)
            let found = table.find(hash: hash, identity: identity, key: key, tags: key)
            guard found < 0, orInsert, names < limits.keysMax else { return found }
            names += 1
            return table.insert(hash: hash, identity: identity, key: key, tags: key, state: TallyState())
        }
    }

    /// False for what has no meaning with a time of its own: it is aggregated as if it had none.
    mutating func keepTimed(_ sample: StatsdSample, _ entry: TallyEntry) -> Bool {
        guard sample.kind == .counter || sample.kind == .gauge else { return false }
        guard timed.count < limits.timedMax else {
            counts.valuesLost &+= 1
            return true
        }
        let value = sample.kind == .counter ? sample.value * sample.weight : sample.value
        timed.append(TimedValue(number: Int(entry.pointee.canonical), time: sample.time, value: value))
        return true
    }

    /// A member is kept as its hash, with a seed that is the same everywhere, so that sets of agents merge.
    /// Of a million members, a pair is taken for one with a probability of 3 in 10⁸.
    mutating func addMember(_ sample: StatsdSample, to entry: TallyEntry) {
        // An empty member is `0`, as statsd has it.
        let count = sample.memberBytes
        let hash = Self.memberHash(UnsafeRawBufferPointer(start: sample.member, count: count))
        addMember(hash, to: entry)
    }

    static func memberHash(_ member: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = member.baseAddress, !member.isEmpty else {
            return memberHash(zero: ASCII.zero)
        }
        let hash = Word.hash(start, count: member.count, from: 0x8EBC_6AF0_9C88_C6E3)
        return Word.mix(hash ^ UInt64(member.count), 0x5899_65CC_7537_4CC3)
    }

    private static func memberHash(zero: UInt8) -> UInt64 {
        withUnsafeBytes(of: zero) { memberHash($0) }
    }

    mutating func addMember(_ hash: UInt64, to entry: TallyEntry) {
        if entry.pointee.state.head == nil {
            entry.pointee.state.head = HashSet64(capacity: HashSet64.capacityMin, in: &tables).map {
                UnsafeMutableRawPointer($0.start)
            }
        }
        guard let head = entry.pointee.state.head else {
            counts.valuesLost &+= 1
            return
        }
        var members = HashSet64(head)
        if !members.insert(hash, in: &tables) { counts.valuesLost &+= 1 }
        entry.pointee.state.head = UnsafeMutableRawPointer(members.start)
    }
}
