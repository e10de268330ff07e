import Testing

@testable import Telemetry

/// The same numbers for the same seed, anywhere (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("Chunks")
struct ChunkTests {
    /// The kinds of values that series have, and those that nobody expects.
    static let kinds: [(name: String, next: @Sendable (inout SeededNumbers, Double) -> Double)] = [
        ("constant", { _, _ in 42.5 }),
        ("counter", { numbers, last in last + Double(Int.random(in: 0...500, using: &numbers)) }),
        ("noise", { numbers, _ in Double(Int.random(in: 0...100, using: &numbers)) }),
        (
            "walk of decimals",
            { numbers, last in ((last * 100).rounded() + Double(Int.random(in: -9...9, using: &numbers))) / 100 }
        ),
        ("sixths", { numbers, _ in Double(Int.random(in: 0...600, using: &numbers)) / 6 }),
        (
            "any finite pattern",
            { numbers, _ in
                while true {
                    let value = Double(bitPattern: numbers.next())
                    if value.isFinite { return value }
                }
            }
        ),
        (
            "edges",
            { numbers, _ in
                [
                    0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1, 0x1p53,
                    0x1p51, -0x1p51,
                ]
                .randomElement(using: &numbers) ?? 0
            }
        ),
        ("spikes", { numbers, _ in Int.random(in: 0...50, using: &numbers) == 0 ? 1e15 : 3 }),
        ("waves", { numbers, last in last + Double(Int.random(in: 0...9, using: &numbers)) * 0.1 }),
    ]

    @Test("every value comes back with the same bits", arguments: kinds.indices)
    func roundTrip(kind: Int) {
        var numbers = SeededNumbers(UInt64(kind))
        let encoder = ChunkEncoder()
        let decoder = ChunkDecoder()
        for round in 0..<60 {
            let count = [1, 2, 3, 15, 16, 17, 64, 720, 4096][round % 9]
            let hasGaps = round % 2 == 1
            var points = Points()
            var slot = Int.random(in: 0...200_000_000, using: &numbers)
            var value = 0.0
            for _ in 0..<count {
                value = Self.kinds[kind].next(&numbers, value)
                points.append(slot, value)
                slot +=
                    hasGaps && Int.random(in: 0...9, using: &numbers) == 0
                    ? Int.random(in: 2...5000, using: &numbers) : 1
            }
            for isFinal in [true, false] {
                var bytes: [UInt8] = []
                encoder.encode(points, 0..<count, ratio: 6, isFinal: isFinal, into: &bytes)
                var back = Points()
                let isWhole = bytes.withUnsafeBytes { decoder.decode($0, first: points.slots[0], into: &back) }
                #expect(isWhole)
                #expect(back.slots == points.slots)
                #expect(back.values.map(\.bitPattern) == points.values.map(\.bitPattern), "\(Self.kinds[kind].name)")
            }
        }
    }

    @Test("what is no chunk is refused, and never read past its end")
    func damage() {
        var numbers = SeededNumbers(5)
        let decoder = ChunkDecoder()
        let encoder = ChunkEncoder()
        for kind in Self.kinds {
            var points = Points()
            var value = 0.0
            for slot in 0..<100 {
                value = kind.next(&numbers, value)
                points.append(slot * 3 / 2, value)
            }
            var bytes: [UInt8] = []
            encoder.encode(points, 0..<100, isFinal: true, into: &bytes)
            for cut in 0..<bytes.count {
                var back = Points()
                let part = Array(bytes[..<cut])
                if !part.withUnsafeBytes({ decoder.decode($0, first: 0, into: &back) }) { #expect(back.isEmpty) }
            }
            for _ in 0..<500 {
                var changed = bytes
                changed[Int.random(in: 0..<bytes.count, using: &numbers)] ^=
                    1 << UInt8.random(in: 0...7, using: &numbers)
                var back = Points()
                if !changed.withUnsafeBytes({ decoder.decode($0, first: 0, into: &back) }) { #expect(back.isEmpty) }
            }
        }
    }

    @Test("later points stand over earlier ones")
    func overlay() {
        var numbers = SeededNumbers(9)
        for _ in 0..<300 {
            var model: [Int: Double] = [:]
            var points = Points()
            for layer in 0..<4 {
                var mine: [Int: Double] = [:]
                for _ in 0..<Int.random(in: 0...8, using: &numbers) {
                    mine[Int.random(in: 0...20, using: &numbers)] = Double(layer)
                }
                var newer = Points()
                for (slot, value) in mine.sorted(by: { $0.key < $1.key }) {
                    newer.append(slot, value)
                    model[slot] = value
                }
                points.overlay(newer)
            }
            #expect(points.slots == model.keys.sorted())
            #expect(points.values == model.sorted { $0.key < $1.key }.map(\.value))
        }
    }
}
