/// Makes one shape of many that differ in the words of a place or two, such as the names of users: what is there
/// becomes a slot.
///
/// Shapes whose texts are alike but for their words are a group, as in He, Zhu, Zheng, Lyu, "Drain: An Online Log
/// Parsing Approach with Fixed Depth Tree" (2017). A place of a group with many different words is made a slot; one
/// with few stays as it is, since those are different sentences.
struct ShapeMerger: ~Copyable {
    /// With no more shapes than these, which a byte tells apart, none are merged.
    static let shapesMin = 256
    /// Smaller groups are left alone.
    private static let groupMin = 16
    /// A place that has more different words becomes a slot.
    private static let wordsMax = 8

    /// A shape that came out.
    struct Merged: BitwiseCopyable {
        var start: Int
        var count: Int
        var hash: UInt64
        var slots: Int
        /// Slots may hold words without digits.
        var isOpen: Bool
    }

    /// What is in a slot of a merged shape: a slot of the shape before, or, if that is less than 0, a word of it.
    struct Piece: BitwiseCopyable {
        var slot: Int
        var word: WordPlace
    }

    struct Token: BitwiseCopyable {
        var word: WordPlace
        var hash: UInt64
        /// Less than 0 if it is a word.
        var slot: Int
    }

    struct Group: BitwiseCopyable {
        var start: Int
        var count: Int
        var hash: UInt64
        var shapes: Int
    }

    private(set) var merged = Growing<Merged>(capacity: 256)
    private var mergedBytes = Growing<UInt8>(capacity: 1 << 14)
    /// Of each shape, which of the merged it became.
    private(set) var targets = Growing<UInt32>(capacity: 1 << 10)
    /// Of each shape, its first piece; less than 0 if it stayed as it was.
    private var firstPieces = Growing<Int>(capacity: 1 << 10)
    private var pieces = Growing<Piece>(capacity: 1 << 10)
    private var tokens = Growing<Token>(capacity: 1 << 12)
    private var firstTokens = Growing<Int>(capacity: 1 << 10)
    private var groups = Growing<Group>(capacity: 1 << 10)
    private var groupOf = Growing<UInt32>(capacity: 1 << 10)
    private var skeletons = Growing<UInt8>(capacity: 1 << 14)
    private var table = Growing<UInt32>(capacity: 1 << 10)
    private var scratch = Growing<UInt8>(capacity: 1 << 10)

    func text(_ number: Int) -> WordPlace {
        WordPlace(UnsafePointer(mergedBytes.start) + merged[number].start, merged[number].count)
    }

    /// The word in a slot of what a shape became; nil if it stayed as it was.
    @inline(__always)
    func piece(ofShape number: Int, _ slot: Int) -> Piece? {
        let first = firstPieces[number]
        return first < 0 ? nil : pieces[first &+ slot]
    }

    /// - Parameter bytes: where the shapes' texts are.
    mutating func merge(_ shapes: borrowing Growing<TextColumnWriter.Shape>, _ bytes: UnsafePointer<UInt8>) {
        merged.removeAll()
        mergedBytes.removeAll()
        pieces.removeAll()
        targets.fill(0, count: shapes.count)
        firstPieces.fill(-1, count: shapes.count)
        findGroups(shapes, bytes)
        // Shapes by group.
        var ends: [Int] = []
        var sum = 0
        for number in 0..<groups.count {
            ends.append(sum)
            sum += groups[number].shapes
        }
        var order = [Int](repeating: 0, count: shapes.count)
        for number in 0..<shapes.count {
            let group = Int(groupOf[number])
            order[ends[group]] = number
            ends[group] += 1
        }
        clearTable(for: shapes.count)
        for number in 0..<groups.count {
            let members = order[ends[number] - groups[number].shapes..<ends[number]]
            let places = shapes[members[members.startIndex]].isWhole ? [] : variable(members)
            for member in members {
                if places.contains(true) {
                    merge(member, places)
                } else {
                    keep(member, shapes[member], bytes)
                }
            }
        }
    }

    private mutating func clearTable(for count: Int) {
        var size = 1 << 10
        while size < count * 2 { size *= 2 }
        table.fill(0, count: size)
    }

    private mutating func findGroups(
        _ shapes: borrowing Growing<TextColumnWriter.Shape>, _ bytes: UnsafePointer<UInt8>
    ) {
        groups.removeAll()
        skeletons.removeAll()
        tokens.removeAll()
        firstTokens.removeAll()
        groupOf.removeAll()
        clearTable(for: shapes.count)
        for number in 0..<shapes.count {
            firstTokens.append(tokens.count)
            if shapes[number].isWhole {
                // By itself: no text has this for a skeleton.
                groups.append(Group(start: 0, count: -1, hash: 0, shapes: 1))
                groupOf.append(UInt32(groups.count - 1))
            } else {
                addSkeleton(WordPlace(bytes + shapes[number].start, shapes[number].count))
                groupOf.append(UInt32(findGroup()))
            }
        }
        firstTokens.append(tokens.count)
    }

    /// Writes a text with one letter for each word to `scratch`, and its words to `tokens`.
    private mutating func addSkeleton(_ text: WordPlace) {
        scratch.removeAll()
        scratch.reserve(text.count)
        var slot = 0
        var at = 0
        while at < text.count {
            guard LogWord.isPart(text.start[at]) else {
                scratch.append(text.start[at])
                at += 1
                continue
            }
            let start = at
            while at < text.count, LogWord.isPart(text.start[at]) { at += 1 }
            let word = WordPlace(text.start + start, at - start)
            // A shape has no other digits than those in place of words.
            let isSlot = word.count == 1 && word.start[0] == 0x30
            tokens.append(Token(word: word, hash: word.hash, slot: isSlot ? slot : -1))
            if isSlot { slot += 1 }
            scratch.append(0x30)
        }
    }

    /// The group of the skeleton in `scratch`.
    private mutating func findGroup() -> Int {
        let skeleton = WordPlace(UnsafePointer(scratch.start), scratch.count)
        let hash = skeleton.hash
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: hash &>> 7) & mask
        while table[slot] != 0 {
            let number = Int(table[slot]) - 1
            var group = groups[number]
            if group.hash == hash, group.count == skeleton.count,
                WordPlace(UnsafePointer(skeletons.start) + group.start, group.count).equals(skeleton)
            {
                group.shapes += 1
                groups[number] = group
                return number
            }
            slot = (slot &+ 1) & mask
        }
        groups.append(Group(start: skeletons.count, count: skeleton.count, hash: hash, shapes: 1))
        skeletons.append(skeleton.start, count: skeleton.count)
        table[slot] = UInt32(groups.count)
        return groups.count - 1
    }

    /// Which words of a group's shapes become slots.
    private func variable(_ members: ArraySlice<Int>) -> [Bool] {
        guard members.count >= Self.groupMin, let first = members.first else { return [] }
        let places = firstTokens[first + 1] - firstTokens[first]
        return (0..<places).map { place in
            var seen: [UInt64] = []
            for member in members {
                let hash = tokens[firstTokens[member] &+ place].hash
                if seen.contains(hash) { continue }
                seen.append(hash)
                if seen.count > Self.wordsMax { return true }
            }
            return false
        }
    }

    private mutating func keep(
        _ number: Int, _ shape: TextColumnWriter.Shape, _ bytes: UnsafePointer<UInt8>
    ) {
        targets[number] = UInt32(merged.count)
        merged.append(
            Merged(
                start: mergedBytes.count, count: shape.count, hash: 0, slots: shape.slots, isOpen: false))
        mergedBytes.append(bytes + shape.start, count: shape.count)
    }

    /// Puts slots into the shape where its group has many words.
    private mutating func merge(_ number: Int, _ places: [Bool]) {
        let own = firstTokens[number]..<firstTokens[number + 1]
        let group = groups[Int(groupOf[number])]
        firstPieces[number] = pieces.count
        scratch.removeAll()
        var place = 0
        // The skeleton has a zero for each word, and no other.
        for index in 0..<group.count {
            let byte = skeletons[group.start + index]
            guard byte == 0x30 else {
                scratch.append(byte)
                continue
            }
            let token = tokens[own.lowerBound + place]
            if places[place] || token.slot >= 0 {
                pieces.append(Piece(slot: token.slot, word: token.word))
                scratch.append(0x30)
            } else {
                let word = token.word
                scratch.append(word.start, count: word.count)
            }
            place += 1
        }
        let merged = findMerged(slots: pieces.count - firstPieces[number])
        targets[number] = UInt32(merged)
    }

    /// The number of the merged shape in `scratch`.
    private mutating func findMerged(slots: Int) -> Int {
        let text = WordPlace(UnsafePointer(scratch.start), scratch.count)
        let hash = text.hash
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: hash &>> 7) & mask
        while table[slot] != 0 {
            let number = Int(table[slot]) - 1
            if merged[number].hash == hash, self.text(number).equals(text) { return number }
            slot = (slot &+ 1) & mask
        }
        merged.append(
            Merged(start: mergedBytes.count, count: text.count, hash: hash, slots: slots, isOpen: true))
        mergedBytes.append(text.start, count: text.count)
        table[slot] = UInt32(merged.count)
        return merged.count - 1
    }
}
