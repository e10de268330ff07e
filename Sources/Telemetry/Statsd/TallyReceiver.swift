internal import CTelemetry

/// Puts what a parser finds into a tally's queue.
struct TallyReceiver: StatsdReceiver {
    let storage: UnsafeMutablePointer<TallyStorage>

    @inline(__always)
    func receive(_ sample: StatsdSample) {
        let identity = TallyTable.identity(keyBytes: sample.keyBytes, tagBytes: sample.tagBytes, kind: sample.kind)
        let hash = TallyTable.finish(
            keyHash: sample.keyHash, tags: sample.tags, tagBytes: sample.tagBytes, identity: identity)
        storage.pointee.table.prefetchSlot(hash)
        let place = storage.pointee.queued
        let queued = storage.pointee.queue + place
        queued.pointee.hash = hash
        queued.pointee.identity = identity
        queued.pointee.key = sample.key
        queued.pointee.tags = sample.tags
        queued.pointee.value = sample.value
        queued.pointee.weight = sample.weight
        queued.pointee.member = sample.member
        queued.pointee.memberBytes = sample.memberBytes
        queued.pointee.time = sample.time
        queued.pointee.kind = sample.kind
        queued.pointee.isRelative = sample.isRelative
        storage.pointee.queued = place + 1
        if place + 1 == QueuedSample.queueMax { storage.pointee.settle() }
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
    /// Adds what is queued to its series, in order.
    ///
    /// With ten thousand names, a name's slot, entry, key and values are seldom in the processor's nearest
    /// caches. So they are asked for in turns, for many samples at once, and the waits overlap.
    @inline(never)
    mutating func settle() {
        let count = queued
        queued = 0
        for place in 0..<count { queue[place].candidate = table.candidate(queue[place].hash) }
        for place in 0..<count where queue[place].candidate >= 0 {
            let number = queue[place].candidate
            table.prefetchKey(number)
            if queue[place].kind == .timer, let next = table.entries[number].state.next { ctelemetry_prefetch(next) }
        }
        for place in 0..<count { add(queue + place) }
    }

    @inline(__always)
    private mutating func add(_ sample: UnsafeMutablePointer<QueuedSample>) {
        let (identity, key, tags) = (sample.pointee.identity, sample.pointee.key, sample.pointee.tags)
        var number = sample.pointee.candidate
        if number < 0 || !table.isEntry(number, identity: identity, key: key, tags: tags) {
            number = table.find(hash: sample.pointee.hash, identity: identity, key: key, tags: tags)
            if number < 0 { number = admit(sample) }
            if number < 0 { return }
        }
        var entry = table.entries + number
        if entry.pointee.canonical != UInt32(truncatingIfNeeded: number) {
            entry = table.entries + Int(entry.pointee.canonical)
        }
        if sample.pointee.time != 0, keepTimed(sample, entry) { return }
        switch sample.pointee.kind {
        case .counter:
            entry.pointee.state.sum += sample.pointee.value * sample.pointee.weight
        case .timer:
            entry.pointee.state.sum += sample.pointee.weight
            if let next = entry.pointee.state.next, next != entry.pointee.state.limit {
                next.pointee = sample.pointee.value
                entry.pointee.state.next = next + 1
            } else {
                addSlowly(sample.pointee.value, to: entry)
            }
        case .gauge:
            let base = sample.pointee.isRelative ? entry.pointee.state.sum : 0
            entry.pointee.state.sum = base + sample.pointee.value
            let isSet = entry.pointee.state.marks & TallyState.isSetMark | (sample.pointee.isRelative ? 0 : 1)
            entry.pointee.state.marks = milliseconds &<< 2 | isSet
        case .set:
            addMember(
                UnsafeRawBufferPointer(start: sample.pointee.member, count: sample.pointee.memberBytes), to: entry)
        }
        entry.pointee.state.updates &+= 1
    }

    /// Makes an entry for a name that is new, or a new spelling of a known one. Returns its number, or -1 if
    /// the name is refused or beyond the cap.
    @inline(never)
    mutating func admit(_ sample: UnsafeMutablePointer<QueuedSample>) -> Int {
        guard table.count < limits.keysMax * 2, table.keyBytes < limits.keyBytesMax else {
            return refuseKey()
        }
        let identity = sample.pointee.identity
        let key = UnsafeRawBufferPointer(start: sample.pointee.key, count: Int(identity & 0xFFFF))
        let tags = UnsafeRawBufferPointer(start: sample.pointee.tags, count: Int(identity &>> 16 & 0xFFFF))
        guard let name = StatsdName.canonical(key: key, tags: tags) else {
            refuse(key, .keyInvalid)
            return -1
        }
        let canonical = find(name, sample.pointee.kind, orInsert: true)
        guard canonical >= 0 else { return refuseKey() }
        if tags.isEmpty, name.elementsEqual(key) { return canonical }
        let number = table.insert(
            hash: sample.pointee.hash, identity: identity, key: sample.pointee.key, tags: sample.pointee.tags,
            state: TallyState())
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
    mutating func keepTimed(_ sample: UnsafeMutablePointer<QueuedSample>, _ entry: TallyEntry) -> Bool {
        let kind = sample.pointee.kind
        guard kind == .counter || kind == .gauge else { return false }
        guard timed.count < limits.timedMax else {
            counts.valuesLost &+= 1
            return true
        }
        let value = kind == .counter ? sample.pointee.value * sample.pointee.weight : sample.pointee.value
        timed.append(TimedValue(number: Int(entry.pointee.canonical), time: sample.pointee.time, value: value))
        return true
    }

    /// A member is kept as its hash, with a seed that is the same everywhere, so that sets of agents merge.
    /// Of a million members, a pair is taken for one with a probability of 3 in 10⁸.
    mutating func addMember(_ member: UnsafeRawBufferPointer, to entry: TallyEntry) {
        addMember(Self.memberHash(member), to: entry)
    }

    /// An empty member is `0`, as statsd has it.
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
