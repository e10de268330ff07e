/// What one interval may hold. What goes beyond is counted, not kept.
package struct StatsdLimits: Hashable, Sendable {
    /// The most names, and as many other spellings of them.
    package var keysMax: Int
    /// The most names that one agent may bring; those of others are none of its business.
    package var keysOfAgentMax: Int
    /// The most bytes of names and spellings.
    package var keyBytesMax: Int
    /// The most values of one timer that are kept one by one; from there on they are counted in a
    /// `LogHistogram`, whose values are at most 0.4 % off.
    package var exactValuesMax: Int
    /// The most bytes of all timers' values; from there on, timers turn into histograms one after another.
    package var valueBytesMax: Int
    /// The most bytes of all histograms and sets.
    package var tableBytesMax: Int
    /// The most events and checks.
    package var noticesMax: Int
    /// The most values with a time of their own.
    package var timedMax: Int
    /// How many bad lines are kept for a log.
    package var badLinesKept: Int

    /// For what agents sent: how many names each may have is looked at before.
    var ofAgents: StatsdLimits {
        var limits = self
        limits.keysMax = .max / 4
        limits.keyBytesMax = .max
        return limits
    }

    package init(
        keysMax: Int = 1_000_000, keysOfAgentMax: Int = 100_000, keyBytesMax: Int = 256 << 20,
        exactValuesMax: Int = 32_768,
        valueBytesMax: Int = 256 << 20, tableBytesMax: Int = 64 << 20, noticesMax: Int = 1000,
        timedMax: Int = 100_000, badLinesKept: Int = 10
    ) {
        self.keysMax = keysMax
        self.keysOfAgentMax = keysOfAgentMax
        self.keyBytesMax = keyBytesMax
        self.exactValuesMax = exactValuesMax
        self.valueBytesMax = valueBytesMax
        self.tableBytesMax = tableBytesMax
        self.noticesMax = noticesMax
        self.timedMax = timedMax
        self.badLinesKept = badLinesKept
    }
}

/// What came in, and what was not kept.
package struct StatsdCounts: Hashable, Sendable {
    package var packets: UInt64 = 0
    /// Datagrams that the kernel dropped, because nobody read them in time.
    package var packetsDropped: UInt64 = 0
    package var lines: UInt64 = 0
    package var badLines: UInt64 = 0
    /// Values whose name was beyond the cap.
    package var valuesBeyondKeys: UInt64 = 0
    /// Values of timers and members of sets that found no memory.
    package var valuesLost: UInt64 = 0
    /// Events and checks beyond the cap.
    package var noticesLost: UInt64 = 0

    package init() {}

    package static func += (left: inout StatsdCounts, right: StatsdCounts) {
        left.packets &+= right.packets
        left.packetsDropped &+= right.packetsDropped
        left.lines &+= right.lines
        left.badLines &+= right.badLines
        left.valuesBeyondKeys &+= right.valuesBeyondKeys
        left.valuesLost &+= right.valuesLost
        left.noticesLost &+= right.noticesLost
    }
}
