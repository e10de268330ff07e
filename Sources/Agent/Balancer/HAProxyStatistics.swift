import Core

/// Reads what HAProxy says about itself.
enum HAProxyStatistics {
    /// The CSV of `show stat`; both of a backend's names as one. Format: HAProxy 2.6 management guide, section 9.1.
    static func counters(_ text: String) -> BalancerCounters {
        var counters = BalancerCounters()
        var columns: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# pxname") {
                for (index, name) in line.dropFirst(2).split(separator: ",").enumerated() { columns[name] = index }
                continue
            }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            func text(_ column: Substring) -> Substring {
                columns[column].flatMap { fields.indices.contains($0) ? fields[$0] : nil } ?? ""
            }
            func number(_ column: Substring) -> Int { Int(text(column)) ?? 0 }
            let kind = text("type")
            guard kind == "1" || kind == "2", text("pxname") != "statistics" else { continue }
            var figures = BalancerCounters.Figures()
            figures.requests = number("req_tot")
            figures.answers = [
                number("hrsp_other"), number("hrsp_1xx"), number("hrsp_2xx"), number("hrsp_3xx"), number("hrsp_4xx"),
                number("hrsp_5xx"),
            ]
            figures.connectionErrors = number("econ")
            figures.answerErrors = number("eresp")
            figures.retries = number("wretr")
            figures.redispatches = number("wredis")
            figures.queued = number("qcur")
            figures.sessions = number("scur")
            let name = String(text("pxname"))
            let isSecond = name.hasSuffix(HAProxyConfiguration.onceSuffix)
            let backend = isSecond ? String(name.dropLast(HAProxyConfiguration.onceSuffix.count)) : name
            if kind == "1" {
                counters.backends[backend] = (counters.backends[backend] ?? .init()).adding(figures)
            } else {
                let server = String(text("svname"))
                let other = counters.servers[backend]?[server] ?? .init()
                counters.servers[backend, default: [:]][server] = other.adding(figures)
            }
        }
        return counters
    }

    /// Clients' connections, of what `show info` answers; nil when it is no such answer.
    static func connections(_ text: String) -> Int? {
        text.split(separator: "\n").first { $0.hasPrefix("CurrConns: ") }.flatMap { Int($0.dropFirst(11)) }
    }

    /// The processes of one HAProxy, as `show proc` lists them.
    struct Processes: Equatable {
        /// How often the master has read its file again, and how many of the last tries in a row
        /// have failed.
        var reloads = 0
        var reloadsFailed = 0
        var worker: Int32?
        /// Workers that still finish what they have.
        var oldWorkers: [Int32] = []

        init?(_ text: String) {
            var isOld = false
            var hasMaster = false
            for line in text.split(separator: "\n") {
                if line.hasPrefix("# old") { isOld = true }
                let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
                guard fields.count >= 3, let process = Int32(fields[0]) else { continue }
                switch fields[1] {
                case "master":
                    hasMaster = true
                    reloads = Int(fields[2]) ?? 0
                    if fields.count > 4, fields[3] == "[failed:" {
                        reloadsFailed = Int(fields[4].prefix { $0.isNumber }) ?? 0
                    }
                case "worker": if isOld { oldWorkers.append(process) } else { worker = process }
                default: break
                }
            }
            if !hasMaster { return nil }
        }
    }
}
