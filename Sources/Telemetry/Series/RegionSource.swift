/// The series of another region's server, by its render API. A series whose name the API would read as an
/// expression (with a comma, a quote or a bracket in it) is not asked for.
package struct RegionSource: SeriesSource {
    /// What the server is asked, beside its address: the path of a route, and a form; of a path that begins
    /// with `/v1/`, a query.
    package typealias Ask =
        @Sendable (_ path: String, _ fields: [(name: String, value: String)]) async throws(TelemetryProblem) -> [UInt8]

    /// What a server takes of `/render`.
    private static let targetsMax = 500

    private let ask: Ask

    package init(_ ask: @escaping Ask) { self.ask = ask }

    package func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode] {
        let body = try await ask("/v1/series/find", [("pattern", pattern), ("limit", "100000")])
        return try JSONReader.read(body).elements.map { entry throws(TelemetryProblem) in
            guard let path = entry["path"]?.text else { throw Self.unreadable }
            return SeriesNode(
                path: path, isLeaf: entry["isLeaf"] == .bool(true), isBranch: entry["isBranch"] == .bool(true))
        }.sorted { $0.path < $1.path }
    }

    package func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] {
        if pattern.contains(";") {
            // It is there if it has an answer; its points are asked for next.
            guard let name = try? SeriesName(pattern) else { return [] }
            return [name]
        }
        let body = try await ask("/metrics/expand", [("query", pattern), ("leavesOnly", "1")])
        guard let results = try JSONReader.read(body)["results"]?.elements else { throw Self.unreadable }
        return try results.map { result throws(TelemetryProblem) in
            guard let text = result.text, let name = try? SeriesName(text) else { throw Self.unreadable }
            return name
        }.sorted()
    }

    package func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] {
        try await list("/tags/findSeries", Self.fields(conditions)).map { SeriesName(canonical: $0) }.sorted()
    }

    package func tagKeys(
        prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        try await list(
            "/tags/autoComplete/tags",
            Self.fields(conditions) + [("tagPrefix", prefix), ("limit", "\(max(0, limit))")])
    }

    package func tagValues(
        of key: String, prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        try await list(
            "/tags/autoComplete/values",
            Self.fields(conditions) + [("tag", key), ("valuePrefix", prefix), ("limit", "\(max(0, limit))")])
    }

    private static func fields(_ conditions: [TagCondition]) -> [(name: String, value: String)] {
        conditions.map { ("expr", "\($0.key)\($0.comparison.rawValue)\($0.value)") }
    }

    private func list(
        _ path: String, _ fields: [(name: String, value: String)]
    ) async throws(TelemetryProblem) -> [String] {
        try JSONReader.read(try await ask(path, fields)).elements.map { element throws(TelemetryProblem) in
            guard let text = element.text else { throw Self.unreadable }
            return text
        }
    }

    // MARK: - Points

    package func windows(
        _ names: [SeriesName], from: Int64, until: Int64, now: Int64
    ) async throws(TelemetryProblem) -> [SeriesWindow] {
        var found: [String: SeriesWindow] = [:]
        let plain = names.filter { !$0.text.utf8.contains(where: "(){}[]*?,|'\"\\$".utf8.contains) }
        for start in stride(from: 0, to: plain.count, by: Self.targetsMax) {
            var fields = plain[start..<min(start + Self.targetsMax, plain.count)].map {
                (name: "target", value: $0.text)
            }
            fields += [("format", "raw"), ("from", "\(from)"), ("until", "\(until)"), ("now", "\(now)")]
            for line in try await ask("/render", fields).split(separator: UInt8(ascii: "\n")) {
                let window = try Self.window(line)
                found[window.name] = window
            }
        }
        return names.compactMap { found[$0.text] }
    }

    /// A line of the format `raw`: `name,start,end,step|1.0,None,2.5`.
    static func window(_ line: ArraySlice<UInt8>) throws(TelemetryProblem) -> SeriesWindow {
        guard let bar = line.lastIndex(of: UInt8(ascii: "|")) else { throw unreadable }
        var head = line[..<bar]
        var numbers: [Int64] = []
        for _ in 0..<3 {
            guard let comma = head.lastIndex(of: UInt8(ascii: ",")),
                let number = NumberText.integer(head[(comma + 1)...])
            else { throw unreadable }
            numbers.append(number)
            head = head[..<comma]
        }
        let (step, end, start) = (numbers[0], numbers[1], numbers[2])
        guard step > 0, start.magnitude < 1 << 40, end.magnitude < 1 << 40 else { throw unreadable }
        var values: [Double] = []
        for text in line[(bar + 1)...].split(separator: UInt8(ascii: ",")) {
            if text.elementsEqual("None".utf8) {
                values.append(.nan)
            } else {
                guard let value = NumberText.any(text) else { throw unreadable }
                values.append(value)
            }
        }
        return SeriesWindow(
            name: String(decoding: head, as: UTF8.self), start: start, step: step, values: values)
    }

    private static var unreadable: TelemetryProblem {
        TelemetryProblem(
            "region.answer-invalid", "The answer of a region was not read.",
            cause: "It is not what the render API of Apus answers.",
            remedy: "Look at what answers at the region's address, and run the same version of Apus there.")
    }
}
