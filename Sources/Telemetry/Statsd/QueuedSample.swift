/// A sample that waits for its series: see `TallyStorage.settle`. Its text must stay where it is until then.
struct QueuedSample: BitwiseCopyable {
    /// How many wait at most: enough for their waits to overlap, few enough for the nearest cache.
    static let queueMax = 64

    var hash: UInt64
    var identity: UInt64
    var key: UnsafeRawPointer
    var tags: UnsafeRawPointer
    var value: Double
    var weight: Double
    var member: UnsafeRawPointer
    var memberBytes: Int
    var time: Int64
    /// The entry that it may belong to, or -1.
    var candidate: Int
    var kind: StatsdKind
    var isRelative: Bool
}
