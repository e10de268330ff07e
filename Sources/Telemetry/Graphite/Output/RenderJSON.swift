/// `/render` as JSON: `[{"target":…,"tags":{…},"datapoints":[[value,time],…]},…]`.
///
/// Source: graphite-web 1.1.10, render/views.py. Without spaces.
package enum RenderJSON {
    package static func encode(_ series: [GraphSeries], _ request: RenderRequest) -> [UInt8] {
        let series = request.maxDataPoints.map { consolidated(series, to: $0) } ?? series
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + series.reduce(0) { $0 + 128 + $1.values.count / $1.valuesPerPoint * 20 })
        if let callback = request.jsonp { bytes.append(contentsOf: (callback + "(").utf8) }
        bytes.append(UInt8(ascii: "["))
        if series.contains(where: { !$0.values.isEmpty }) {
            var isFirst = true
            for one in series {
                let window = one.window
                if request.noNullPoints, window.values.allSatisfy(\.isNaN) { continue }
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(one, window, noNulls: request.noNullPoints, to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "]"))
        if request.jsonp != nil { bytes.append(UInt8(ascii: ")")) }
        return bytes
    }

    private static func append(
        _ series: GraphSeries, _ window: SeriesWindow, noNulls: Bool, to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: #"{"target":"#.utf8)
        GraphJSON.append(series.name, to: &bytes)
        bytes.append(contentsOf: #","tags":{"#.utf8)
        GraphJSON.list(series.tags.pairs, to: &bytes) { pair, bytes in
            GraphJSON.append(pair.key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            GraphJSON.append(pair.value, to: &bytes)
        }
        bytes.append(contentsOf: #"},"datapoints":["#.utf8)
        appendPoints(window, noNulls: noNulls, to: &bytes)
        bytes.append(contentsOf: "]}".utf8)
    }

    /// `[value,time],…`: many points are put together in one place before they are appended.
    private static func appendPoints(_ window: SeriesWindow, noNulls: Bool, to bytes: inout [UInt8]) {
        let room = 2 * PythonNumber.bytesMax + 8
        let together = 512
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room * together) { buffer in
            guard let start = buffer.baseAddress else { return }
            var time = window.start
            var isFirst = true
            var at = 0
            for value in window.values {
                if !noNulls || !value.isNaN {
                    if at > room * (together - 1) {
                        bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: at))
                        at = 0
                    }
                    if !isFirst {
                        start[at] = UInt8(ascii: ",")
                        at += 1
                    }
                    isFirst = false
                    at += write(value, time, to: start + at)
                }
                time += window.step
            }
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: at))
        }
    }

    private static func write(_ value: Double, _ time: Int64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        start[0] = UInt8(ascii: "[")
        var at = 1
        if value.isFinite {
            at += PythonNumber.write(value, to: start + 1)
        } else {
            for byte in (value.isNaN ? "null" : value < 0 ? "-1e9999" : "1e9999").utf8 {
                start[at] = byte
                at += 1
            }
        }
        start[at] = UInt8(ascii: ",")
        at += 1
        if time < 0 {
            start[at] = UInt8(ascii: "-")
            at += 1
        }
        at += PythonNumber.writeDigits(time.magnitude, to: start + at)
        start[at] = UInt8(ascii: "]")
        return at + 1
    }

    /// Makes each series have at most about `count` points. Beginnings move to multiples of the new step, so
    /// that the same values are put together each time it is asked.
    package static func consolidated(_ series: [GraphSeries], to count: Int) -> [GraphSeries] {
        guard let first = series.first, series.contains(where: { !$0.values.isEmpty }) else { return series }
        let range = series.reduce(first.end) { max($0, $1.end) } - series.reduce(first.start) { min($0, $1.start) }
        return series.map { one in
            var one = one
            if count == 1 {
                one.valuesPerPoint = max(1, one.values.count)
                return one
            }
            let points = Double(range) / Double(one.step)
            guard Double(count) < points else { return one }
            let perPoint = Int64((points / Double(count)).rounded(.up))
            let seconds = perPoint * one.step
            let nudge = seconds + one.start % one.step - one.start % seconds
            one.start += nudge
            one.values.removeFirst(min(one.values.count, max(0, Int(nudge / one.step) - 1)))
            one.valuesPerPoint = Int(perPoint)
            return one
        }
    }
}
