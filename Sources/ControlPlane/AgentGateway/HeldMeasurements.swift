import NIOCore

/// What a host has measured that is not kept yet: more than one only while the disk refuses it. An agent has
/// few on their way at once.
struct HeldMeasurements {
    struct Parcel {
        var sequence: UInt64
        var bytes: ByteBuffer
    }

    private var parcels: [Parcel] = []

    var first: Parcel? { parcels.first }

    mutating func add(_ sequence: UInt64, _ bytes: ByteBuffer) {
        parcels.append(Parcel(sequence: sequence, bytes: bytes))
    }

    mutating func removeFirst() { parcels.removeFirst() }
}
