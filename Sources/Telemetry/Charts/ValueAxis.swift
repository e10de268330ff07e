/// The axis of values: its bounds, and ticks on round values with labels of one unit and one precision.
package struct ValueAxis: Hashable, Sendable {
    package struct Tick: Hashable, Sendable {
        package var value: Double
        package var label: String
    }

    package let lower: Double
    package let upper: Double
    package let ticks: [Tick]
    /// What all labels leave out, where values are large and differ in the last digits only: the labels
    /// are then what is to be added.
    package let offset: String?

    /// Figures beyond are drawn at the bound: differences of larger ones have no double.
    static let largest = 1e300

    /// An axis of about `count` ticks for figures from `low` to `high`. A bound that is fixed stays as it is;
    /// the other ones move out to the next tick.
    init(low: Double, high: Double, unit: ChartUnit, count: Int, fixedLower: Bool = false, fixedUpper: Bool = false) {
        var (low, high) = (Self.clamped(min(low, high)), Self.clamped(max(low, high)))
        if high - low <= max(low.magnitude, high.magnitude) * 1e-13 {
            let room = low == 0 ? 1 : low.magnitude * 0.1
            // What never was negative is not drawn as if it could be.
            (low, high) = (low == 0 || fixedLower ? low : low - room, fixedUpper && !fixedLower ? high : high + room)
        }
        let step = Self.step(atLeast: (high - low) / (Double(max(1, count)) * 1.3), unit: unit)
        let first = fixedLower ? (low / step).rounded(.up) : (low / step + 1e-9).rounded(.down)
        let last = fixedUpper ? (high / step).rounded(.down) : (high / step - 1e-9).rounded(.up)
        lower = fixedLower ? low : first * step
        upper = fixedUpper ? high : max(last, first + 1) * step
        let values = (0...min(64, max(0, Int(max(last, fixedUpper ? first : first + 1) - first)))).map {
            (first + Double($0)) * step
        }
        (ticks, offset) = Self.labelled(values, step: step, unit: unit)
    }

    /// Where a figure is between the bounds, 0…1.
    func position(_ value: Double) -> Double { (Self.clamped(value) - lower) / (upper - lower) }

    private static func clamped(_ value: Double) -> Double { max(-largest, min(largest, value)) }

    /// The least round step that is at least `least`: 1, 2 or 5 of a power of ten; of bytes, powers of two;
    /// of durations, what clocks have.
    static func step(atLeast least: Double, unit: ChartUnit) -> Double {
        let least = max(least * unit.base, 1e-300)
        if unit.isDuration, least > 0.5 {
            let clock: [Double] = [
                1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
            ]
            return (clock.first { $0 >= least * 0.999 } ?? 86400 * decimalStep(atLeast: least / 86400)) / unit.base
        }
        if unit.isBinary, least > 0.5 {
            var step = 1.0
            while step < least * 0.999 { step *= 2 }
            return step
        }
        return decimalStep(atLeast: least) / unit.base
    }

    private static func decimalStep(atLeast least: Double) -> Double {
        let power = DecimalText.power(DecimalText.exponent(of: least))
        return power * ([1, 2, 5].first { $0 * power >= least * 0.999 } ?? 10)
    }

    private static func labelled(_ values: [Double], step: Double, unit: ChartUnit) -> ([Tick], String?) {
        let largest = values.reduce(0) { max($0, $1.magnitude) } * unit.base
        let scale = unit.scale(for: largest)
        let digits = DecimalText.exponent(of: largest) - DecimalText.exponent(of: step * unit.base)
        // Seven digits are the most that can be told apart at a glance.
        if digits > 6, let first = values.first {
            let stepScale = unit.scale(for: (values[values.count - 1] - first).magnitude * unit.base)
            let ticks = values.map { value in
                Tick(
                    value: value,
                    label: "+" + label((value - first) * unit.base, step: step * unit.base, scale: stepScale))
            }
            let full = DecimalText.trimmed(first * unit.base, decimals: 6)
            return (ticks, ChartUnit.join(full, unit.scale(for: 1).suffix))
        }
        return (values.map { Tick(value: $0, label: label($0 * unit.base, step: step * unit.base, scale: scale)) }, nil)
    }

    private static func label(_ value: Double, step: Double, scale: ChartUnit.Scale) -> String {
        guard value != 0 else { return ChartUnit.join("0", scale.suffix == "%" ? "%" : "") }
        let step = step / scale.factor
        let places = (0...6).first { places in
            let scaled = step * DecimalText.power(places)
            return (scaled - scaled.rounded()).magnitude < 1e-6 * max(1, scaled)
        }
        let number = value / scale.factor
        let isPlain = (-6...6).contains(DecimalText.exponent(of: number))
        return ChartUnit.join(
            isPlain ? DecimalText.fixed(number, decimals: places ?? 6) : DecimalText.shortest(number), scale.suffix)
    }
}
