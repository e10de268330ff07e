/// Numbers by chance, the same for the same seed: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// 0 to 1, without 1.
    mutating func share() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func isTrue(_ probability: Double) -> Bool { share() < probability }

    /// A rank below `limit`, of which the n-th comes about 1/n as often as the first: what inverts the integral of 1/x.
    mutating func rank(_ limit: Int) -> Int { min(limit - 1, Int(power(Double(limit) + 1, share())) - 1) }

    mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }

    /// The first ones more often.
    mutating func favourite<Value>(of values: [Value]) -> Value { values[rank(values.count)] }

    /// How long something takes: log-normal, so half take less than the median, and few take very long.
    mutating func duration(median: Double, spread: Double) -> Double {
        var sum = 0.0
        for _ in 0..<12 { sum += share() }
        return median * power(2.718_281_828, spread * (sum - 6))
    }

    /// Time until the next of things that come by chance, in units of their mean.
    mutating func gap() -> Double { -logarithm(1 - share()) }

    mutating func hexadecimal(_ digits: Int) -> String {
        var text = ""
        while text.utf8.count < digits {
            let more = String(next(), radix: 16)
            text += String(repeating: "0", count: 16 - more.utf8.count) + more
        }
        return String(text.prefix(digits))
    }

    mutating func base64(_ letters: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        return String((0..<letters).map { _ in alphabet[below(64)] })
    }

    mutating func uuid() -> String {
        let text = Array(hexadecimal(32))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }

    mutating func address() -> String {
        "\(1 + below(222)).\(below(256)).\(below(256)).\(1 + below(254))"
    }
}

func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}
