/// A series as one line of text, eight steps high.
package enum Sparkline {
    private static let blocks = Array("▁▂▃▄▅▆▇█")

    /// `columns` characters: each the greatest value of its share of the points, so that no peak is lost; a
    /// space where there is none. Zero is at the bottom unless values are negative.
    package static func text(_ values: [Double], columns: Int, upper: Double? = nil) -> String {
        guard columns > 0 else { return "" }
        let known = values.filter(\.isFinite)
        let low = min(0, known.min() ?? 0)
        let high = max(upper ?? (known.max() ?? 0), low)
        var text = ""
        for column in 0..<columns {
            let first = column * values.count / columns
            let last = max(first + 1, (column + 1) * values.count / columns)
            let most = values[min(first, values.count)..<min(last, values.count)].filter(\.isFinite).max()
            guard let most else {
                text += " "
                continue
            }
            let share = high > low ? (most / 2 - low / 2) / (high / 2 - low / 2) : 0
            text.append(blocks[max(0, min(7, Int((share * 7).rounded())))])
        }
        return text
    }
}
