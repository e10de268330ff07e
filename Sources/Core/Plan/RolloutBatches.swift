/// Which slots of a process change together, and how.
///
/// In a batch of at most `size` slots at most `surge` change beside their predecessors, so that
/// as many instances run in excess until they take over, and at most `missing` change in place, so
/// that as many serve no more until their successors are ready.
struct RolloutBatches {
    var size: Int
    var surge: Int
    var missing: Int
    /// Whether a slot that could change beside may change in place, when the surge is used up.
    var spendsMissing: Bool

    /// - Returns: the batches, and the slots that could not change in any: they do not fit beside
    ///   their predecessors, and none may be missing.
    func packed(_ slots: [SlotChange]) -> (batches: [[SlotChange]], stuck: [SlotChange]) {
        var batches: [[SlotChange]] = []
        var stuck: [SlotChange] = []
        var batch: [SlotChange] = []
        var beside = 0
        var inPlace = 0
        func place(_ slot: SlotChange) -> Bool {
            guard batch.count < size else { return false }
            if slot.isBeside && beside < surge {
                batch.append(slot)
                beside += 1
                return true
            }
            guard inPlace < missing, !slot.isBeside || spendsMissing || surge == 0 else { return false }
            var slot = slot
            slot.isBeside = false
            batch.append(slot)
            inPlace += 1
            return true
        }
        for slot in slots where !place(slot) {
            if !batch.isEmpty { batches.append(batch) }
            (batch, beside, inPlace) = ([], 0, 0)
            if !place(slot) { stuck.append(slot) }
        }
        if !batch.isEmpty { batches.append(batch) }
        return (batches, stuck)
    }
}
