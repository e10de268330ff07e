/// Forecast of a series by its level, trend and season. Source: graphite-web 1.1.10, render/functions.py, which
/// names Holt and Winters' method as in "Aberrant Behavior Detection in Time Series" (LISA 2000).
struct HoltWinters {
    var predictions: [Double] = []
    var deviations: [Double] = []

    /// - Parameter season: how many values a season has.
    init(_ values: [Double], season: Int) {
        let (alpha, beta, gamma) = (0.1, 0.0035, 0.1)
        var seasonals: [Double] = []
        var lastIntercept = 0.0
        var lastSlope = 0.0
        var next = Double.nan
        for (index, actual) in values.enumerated() {
            guard !actual.isNaN else {
                predictions.append(next)
                seasonals.append(0)
                deviations.append(0)
                (lastIntercept, lastSlope, next) = (.nan, 0, .nan)
                continue
            }
            if index == 0 {
                (lastIntercept, lastSlope, next) = (actual, 0, actual)
            } else if lastIntercept.isNaN {
                lastIntercept = actual
            }
            let prediction = next
            let before = index - season
            let seasonal = Self.at(before, seasonals)
            let intercept = alpha * (actual - seasonal) + (1 - alpha) * (lastIntercept + lastSlope)
            let slope = beta * (intercept - lastIntercept) + (1 - beta) * lastSlope
            let nextSeasonal = Self.at(before + 1, seasonals)
            next = intercept + slope + nextSeasonal
            let expected = prediction.isNaN ? 0 : prediction
            deviations.append(
                gamma * (actual - expected).magnitude + (1 - gamma) * Self.at(before, deviations))
            predictions.append(prediction)
            seasonals.append(gamma * (actual - intercept) + (1 - gamma) * seasonal)
            (lastIntercept, lastSlope) = (intercept, slope)
        }
    }

    private static func at(_ index: Int, _ values: [Double]) -> Double {
        index >= 0 && index < values.count ? values[index] : 0
    }
}
