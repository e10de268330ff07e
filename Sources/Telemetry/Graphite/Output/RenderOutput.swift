/// The answer to `/render` in the format that was asked for.
package enum RenderOutput {
    /// Nil for pictures, which are drawn elsewhere.
    package static func encode(
        _ series: [GraphSeries], _ request: RenderRequest
    ) -> (contentType: String, bytes: [UInt8])? {
        switch request.format {
        case .json:
            (request.jsonp == nil ? "application/json" : "text/javascript", RenderJSON.encode(series, request))
        case .csv: ("text/csv", RenderText.csv(series, zone: request.zone))
        case .raw: ("text/plain", RenderText.raw(series))
        case .pickle: ("application/pickle", RenderPickle.encode(series))
        case .svg, .png: nil
        }
    }
}
