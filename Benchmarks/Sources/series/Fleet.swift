/// Series as a fleet of hosts has them: of ten series three count requests, two are gauges that wander, two
/// are times with noise, one always rises, one is memory in pages, one does not change. The same for the
/// same seed.
struct Fleet {
    let names: [[UInt8]]
    private var values: [Double]
    private var numbers: SplitMix

    private static let leaves = [
        "requests.count", "errors.count", "hits.count", "cpu.user", "load.one", "latency.mean", "latency.upper_90",
        "network.bytes_total", "memory.used", "disk.size",
    ]

    init(series: Int, seed: UInt64 = 1) {
        names = (0..<series).map { index in
            let host = index / Self.leaves.count
            return Array("servers.dc\(host % 3).web-\(host).app.\(Self.leaves[index % Self.leaves.count])".utf8)
        }
        numbers = SplitMix(state: seed)
        values = Array(repeating: 0, count: series)
        for index in 0..<series {
            let start = Double(numbers.next() % 1000)
            values[index] = index % 10 == 8 ? start * 4096 * 100 : start
        }
    }

    /// The next value of a series.
    mutating func next(_ index: Int) -> Double {
        let noise = Double(numbers.next() % 100) + Double(numbers.next() % 100) - 99
        switch index % 10 {
        case 0: return max(0, Double(200 + index % 800) + noise)
        case 1: return max(0, (noise / 25).rounded())
        case 2: return max(0, Double(50 + index % 100) + (noise / 4).rounded())
        case 3, 4:
            values[index] = max(0, ((values[index] * 100).rounded() + noise) / 100)
            return values[index]
        case 5, 6: return ((Double(index % 50) * 100 + 500 + noise * 3).rounded()) / 100
        case 7:
            values[index] += 10_000 + noise * 50
            return values[index]
        case 8:
            values[index] = max(0, values[index] + (noise / 10).rounded() * 4096)
            return values[index]
        default: return values[index]
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
