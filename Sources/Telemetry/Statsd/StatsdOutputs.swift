/// The series that a kind's series is written as, numbered, and their names.
struct StatsdOutputs {
    static let timerBasics = [
        "count", "count_ps", "sum", "sum_squares", "mean", "median", "std", "upper", "lower",
    ]
    /// count, mean, boundary, sum, sum of squares.
    static let percentileParts = 5

    private let isLegacy: Bool
    private let suffix: String
    private let prefixes: [StatsdKind: String]
    private let percentiles: [String]
    let histograms: [StatsdBins]

    init(_ settings: StatsdSettings) {
        isLegacy = settings.names.isLegacy
        suffix = settings.names.suffix.isEmpty ? "" : "." + settings.names.suffix
        prefixes = Dictionary(
            uniqueKeysWithValues: StatsdKind.allCases.map { ($0, settings.names.prefix($0)) })
        histograms = settings.histograms
        percentiles = settings.percentiles.flatMap { percent in
            let text = Self.text(percent).replacing(".", with: "_").replacing("-", with: "top")
            let boundary = percent > 0 ? "upper" : "lower"
            return ["count_", "mean_", boundary + "_", "sum_", "sum_squares_"].map { $0 + text }
        }
    }

    /// How many outputs a series has.
    func count(_ kind: StatsdKind, bins: [Double]) -> Int {
        switch kind {
        case .counter: 2
        case .gauge, .set: 1
        case .timer: Self.timerBasics.count + percentiles.count + bins.count
        }
    }

    /// The bins of a timer.
    func bins(_ name: UnsafeRawBufferPointer) -> [Double] {
        if histograms.isEmpty { return [] }
        let text = String(decoding: name, as: UTF8.self)
        return histograms.first { $0.metric.isEmpty || text.contains($0.metric) }?.limits ?? []
    }

    /// The name of an output: prefix, path, what it is, suffix, tags.
    func name(_ key: UnsafeRawBufferPointer, _ kind: StatsdKind, _ output: Int, bins: [Double])
        -> [UInt8]
    {
        let path = key.prefix { $0 != ASCII.semicolon }
        var name: [UInt8] = []
        name.reserveCapacity(key.count + 48)
        if kind == .counter, isLegacy, output == 1 {
            name += "stats_counts.".utf8
        } else {
            name += (prefixes[kind] ?? "").utf8
        }
        name += path
        name += part(kind, output, bins: bins).utf8
        name += suffix.utf8
        name += key[path.endIndex...]
        return name
    }

    private func part(_ kind: StatsdKind, _ output: Int, bins: [Double]) -> String {
        switch kind {
        case .gauge: return ""
        case .set: return ".count"
        case .counter:
            if isLegacy { return "" }
            return output == 0 ? ".rate" : ".count"
        case .timer:
            if output < Self.timerBasics.count { return "." + Self.timerBasics[output] }
            let number = output - Self.timerBasics.count
            if number < percentiles.count { return "." + percentiles[number] }
            let limit = bins[number - percentiles.count]
            return ".histogram.bin_"
                + (limit.isInfinite ? "inf" : Self.text(limit).replacing(".", with: "_"))
        }
    }

    /// A number as JavaScript writes it: 90, 99.9.
    static func text(_ number: Double) -> String {
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
