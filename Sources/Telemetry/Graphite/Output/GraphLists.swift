/// The small answers of Graphite's API in JSON.
package enum GraphLists {
    /// The version of Graphite's API that is spoken, for clients that ask `/version`.
    package static let version = "1.1.10"

    /// `["a","b"]`: tags, values, `/tags/findSeries` and `/metrics/index.json`.
    package static func encode(_ texts: [String]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        GraphJSON.list(texts, to: &bytes) { text, bytes in GraphJSON.append(text, to: &bytes) }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    /// `/metrics/expand`: all paths, or those of each query.
    package static func expanded(_ results: [(query: String, paths: [String])], byQuery: Bool) -> [UInt8] {
        var bytes = Array(#"{"results":"#.utf8)
        if byQuery {
            bytes.append(UInt8(ascii: "{"))
            GraphJSON.list(results, to: &bytes) { result, bytes in
                GraphJSON.append(result.query, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                bytes.append(contentsOf: encode(result.paths))
            }
            bytes.append(UInt8(ascii: "}"))
        } else {
            bytes.append(contentsOf: encode(Set(results.flatMap(\.paths)).sorted()))
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// `/events/get_data`: `[{"when":…,"what":…,"data":…,"tags":[…],"id":…}]`.
    package static func encode(_ events: [GraphEvent]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        GraphJSON.list(events, to: &bytes) { event, bytes in
            bytes.append(contentsOf: "{\"when\":\(event.time),\"what\":".utf8)
            GraphJSON.append(event.what, to: &bytes)
            bytes.append(contentsOf: #","data":"#.utf8)
            GraphJSON.append(event.data, to: &bytes)
            bytes.append(contentsOf: #","tags":"#.utf8)
            bytes.append(contentsOf: encode(event.tags))
            bytes.append(contentsOf: ",\"id\":\(event.id)}".utf8)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    /// The events that `/events/get_data` is asked for: of a time, with all tags or, with `set=union`, any.
    package static func events(
        _ events: [GraphEvent], _ fields: FormFields, now: Int64
    ) throws(TelemetryProblem) -> [GraphEvent] {
        var (from, until) = (Int64(0), now)
        if let text = fields["from"], !text.isEmpty { from = try TimeExpression.time(text, now: now, zone: .utc) }
        if let text = fields["until"], !text.isEmpty {
            until = try TimeExpression.time(text, now: now, zone: .utc, roundsUp: true)
        }
        let tags = (fields["tags"] ?? "").split(separator: " ").map { String($0) }
        let isUnion = fields["set"] == "union"
        return events.filter { event in
            guard event.time >= from, event.time <= until else { return false }
            if tags.isEmpty { return true }
            return isUnion ? tags.contains(where: event.tags.contains) : tags.allSatisfy(event.tags.contains)
        }.sorted { ($0.time, $0.id) < ($1.time, $1.id) }
    }
}
