import Core

/// What nginx is told and asked while it runs: small HTTP requests that `NginxScript` answers.
struct NginxControl: Sendable {
    /// What one of the workers has read.
    struct State: Equatable {
        var generation: String
        var servers: String
    }

    private let socket: LocalSocket

    init(folder: String) {
        socket = LocalSocket(folder: folder, name: "control.sock", engine: "nginx", closesHalf: false)
    }

    func state() async throws(Problem) -> State {
        let answer = try await ask("state")
        let parts = answer.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let first = parts[0].split(separator: " ")
        guard parts.count == 2, first.count == 2, first[0] == "generation" else { throw Self.problem(answer) }
        return State(generation: String(first[1]), servers: String(parts[1]))
    }

    func set(servers: String) async throws(Problem) { _ = try await ask("servers", servers) }

    /// Whether clients are told to come back on another connection.
    func setClosing(_ isClosing: Bool) async throws(Problem) { _ = try await ask("closing", isClosing ? "on" : "off") }

    /// Ends what these servers still answer.
    func cut(_ servers: [String]) async throws(Problem) {
        _ = try await ask("cut", servers.joined(separator: " "))
    }

    /// Removes the counters of those of these servers that are not listed and have no request.
    /// - Returns: what they were.
    func forget(_ servers: [String]) async throws(Problem) -> NginxCounts {
        NginxCounts(try await ask("forget", servers.joined(separator: " ")))
    }

    func counts() async throws(Problem) -> NginxCounts { NginxCounts(try await ask("traffic")) }

    /// Requests and tunnels in progress, by server.
    func active() async throws(Problem) -> [String: Int] {
        var active: [String: Int] = [:]
        for line in try await ask("active").split(separator: "\n") {
            // WORKER SERVER COUNT
            let words = line.split(separator: " ")
            guard words.count == 3, let count = Int(words[2]) else { continue }
            active[String(words[1]), default: 0] += count
        }
        return active
    }

    private func ask(_ command: BalancerWord, _ body: String = "") async throws(Problem) -> String {
        let answer = try await socket.exchange(
            "POST /\(command.text) HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        guard let end = answer.firstRange(of: "\r\n\r\n"), answer.hasPrefix("HTTP/1.1 200 ") else {
            throw Self.problem(answer)
        }
        let body = answer[end.upperBound...]
        guard Self.length(in: answer[..<end.lowerBound]) == body.utf8.count else {
            throw Self.problem("an answer that ends after \(body.utf8.count) bytes")
        }
        return String(body)
    }

    private static func length(in head: Substring) -> Int? {
        let name = "content-length: "
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name) }
        return line.flatMap { Int($0.dropFirst(name.count)) }
    }

    private static func problem(_ answer: String) -> Problem {
        Problem(
            "balancer.unreachable", "nginx does not take commands.",
            cause: "It answers \(quotedForMessage(String(answer.prefix(120)))).",
            remedy: "See whether it runs; the agent starts it again if it ended.")
    }
}

/// What nginx has counted since its start.
struct NginxCounts: Sendable {
    var servers: [String: Traffic] = [:]
    /// Requests that found no server at all, by backend.
    var unserved: [String: Int64] = [:]

    init() {}

    /// - Parameter text: `requests SERVER N`, `failed SERVER N`, `latency SERVER BUCKET N` and
    ///   `unserved BACKEND N`, a line each.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3, let count = Int64(words[words.count - 1]) else { continue }
            let name = String(words[1])
            switch words[0] {
            case "requests": servers[name, default: Traffic()].requests = count
            case "failed": servers[name, default: Traffic()].failed = count
            case "latency": servers[name, default: Traffic()].latency.add(bucket: Int(words[2]) ?? 0, times: count)
            case "unserved": unserved[name] = count
            default: break
            }
        }
    }

    mutating func add(_ other: NginxCounts) {
        for (name, traffic) in other.servers { servers[name, default: Traffic()].add(traffic) }
        unserved.merge(other.unserved, uniquingKeysWith: +)
    }
}
