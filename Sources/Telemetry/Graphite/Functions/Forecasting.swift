/// Holt and Winters' forecast, its band, and what leaves it.
extension GraphFunctions {
    private static let bootstrap = GraphParameter.optional(
        "bootstrapInterval", .interval, .string("7d"), suggestions: [.string("7d"), .string("30d")])
    private static let season = GraphParameter.optional(
        "seasonality", .interval, .string("1d"), suggestions: [.string("1d"), .string("7d")])
    private static let banded: [GraphParameter] = [.list, .optional("delta", .integer, .integer(3)), bootstrap, season]

    static let forecasting: [GraphFunction] = [
        GraphFunction(
            "holtWintersForecast", "Calculate", "What was to be expected of a series by its past.",
            [.list, bootstrap, season],
            .fetching { (call) async throws(TelemetryProblem) in
                try await analyses(call).map { analysis in
                    let series = analysis.series
                    var tags = series.tags
                    tags["holtWintersForecast"] = "1"
                    tags["holtWintersDeviation"] = "1"
                    return GraphSeries(
                        name: "holtWintersForecast(\(series.name))", start: series.start + analysis.skipped,
                        end: series.end, step: series.step, values: analysis.predictions,
                        xFilesFactor: series.xFilesFactor, tags: tags)
                }
            }),
        GraphFunction(
            "holtWintersConfidenceBands", "Calculate", "Below and above what was to be expected of a series.", banded,
            .fetching { (call) async throws(TelemetryProblem) in
                try await bands(call).flatMap { [$0.lower, $0.upper] }
            }),
        GraphFunction(
            "holtWintersConfidenceArea", "Calculate", "The area of what was to be expected of a series.", banded,
            .fetching { (call) async throws(TelemetryProblem) in
                let bands = try await bands(call)
                guard bands.count == 1 else {
                    throw call.arguments.refusal("there are \(bands.count) series, and an area is of one")
                }
                return area(bands[0].lower, bands[0].upper, "holtWintersConfidenceArea")
            }),
        GraphFunction(
            "holtWintersAberration", "Calculate", "How far a series is out of what was to be expected of it.", banded,
            .fetching { (call) async throws(TelemetryProblem) in try await aberrations(call) }),
    ]

    private struct Analysis {
        var series: GraphSeries
        /// Seconds that were only read to learn from.
        var skipped: Int64
        var predictions: [Double]
        var deviations: [Double]
    }

    private static func analyses(_ call: GraphCall) async throws(TelemetryProblem) -> [Analysis] {
        let earlier = try call.arguments.interval("bootstrapInterval")
        let season = try call.arguments.positiveInterval("seasonality")
        guard earlier >= 0 else { throw call.arguments.refusal("`bootstrapInterval` must not be negative") }
        return try await call.again(start: call.context.start - earlier, end: call.context.end).map { series in
            let result = HoltWinters(series.values, season: Int(season / series.step))
            let skipped = min(Int(earlier / series.step), series.values.count)
            return Analysis(
                series: series, skipped: earlier, predictions: Array(result.predictions[skipped...]),
                deviations: Array(result.deviations[skipped...]))
        }
    }

    private static func bands(
        _ call: GraphCall
    ) async throws(TelemetryProblem) -> [(lower: GraphSeries, upper: GraphSeries)] {
        let delta = Double(call.arguments.integer("delta"))
        return try await analyses(call).map { analysis in
            let series = analysis.series
            var tags = series.tags
            for tag in ["Forecast", "Deviation", "ConfidenceUpper", "ConfidenceLower"] {
                tags["holtWinters" + tag] = "1"
            }
            func band(_ name: String, _ sign: Double) -> GraphSeries {
                GraphSeries(
                    name: "holtWintersConfidence\(name)(\(series.name))", start: series.start + analysis.skipped,
                    end: series.end, step: series.step,
                    values: zip(analysis.predictions, analysis.deviations).map { $0 + sign * (delta * $1) },
                    xFilesFactor: series.xFilesFactor, pathExpression: series.pathExpression, tags: tags)
            }
            return (band("Lower", -1), band("Upper", 1))
        }
    }

    private static func aberrations(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        var known: [String: (lower: GraphSeries, upper: GraphSeries)] = [:]
        for band in try await bands(call) { known[band.upper.name] = band }
        return call.arguments.list.compactMap { series in
            guard let band = known["holtWintersConfidenceUpper(\(series.name))"] else { return nil }
            let values = series.values.enumerated().map { index, value -> Double in
                if value.isNaN || index >= band.upper.values.count { return 0 }
                if value > band.upper.values[index] { return value - band.upper.values[index] }
                if value < band.lower.values[index] { return value - band.lower.values[index] }
                return 0
            }
            var result = made(
                of: series, "holtWintersAberration(\(series.name))", values, tag: ("holtWintersAberration", "1"))
            result.consolidation = .average
            return result
        }
    }

    /// Two series as the area between them, both called after the upper one's expression.
    static func area(_ lower: GraphSeries, _ upper: GraphSeries, _ function: String) -> [GraphSeries] {
        var result = [lower, upper]
        result[0].style.isInvisible = true
        for index in result.indices {
            result[index].style.isStacked = true
            result[index].tags = upper.tags
            result[index].tags[function] = "1"
            result[index].name = "\(function)(\(upper.pathExpression))"
            if function != "areaBetween" { result[index].pathExpression = result[index].name }
        }
        return result
    }
}
