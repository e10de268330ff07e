import HTTPTypes
import Synchronization

/// What `/metrics` shows of the server itself.
final class ServerCounters: Sendable {
    private struct Key: Hashable {
        var method: String
        var status: Int
    }

    private let requests = Mutex<[Key: Int]>([:])

    func count(_ method: HTTPRequest.Method, status: Int) {
        // Methods come from outside; only known ones become labels.
        let known: [HTTPRequest.Method] = [.get, .head, .post, .delete, .put, .options, .patch]
        let key = Key(method: known.contains(method) ? method.rawValue : "other", status: status)
        requests.withLock { $0[key, default: 0] += 1 }
    }

    /// Lines of Prometheus' text format, version 0.0.4.
    func lines() -> [String] {
        let counts = requests.withLock { $0 }.sorted { ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status) }
        return [
            "# HELP apus_http_requests_total Requests that were answered.", "# TYPE apus_http_requests_total counter",
        ]
            + counts.map { key, count in
                "apus_http_requests_total{method=\"\(key.method.lowercased())\",status=\"\(key.status)\"} \(count)"
            }
    }
}
