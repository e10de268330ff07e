import Core
import Logs

/// A line as a balancer writes it into its pipe:
///
/// - `<6>NUMBER SERVER STATUS MS US US BACKEND TEXT`: a request that HAProxy has answered (`HAProxyConfiguration`).
/// - `<LEVEL>TEXT`: what HAProxy says of its servers and of itself.
/// - `nginx BACKEND SERVER TEXT`: a request that nginx has answered (`NginxScript`).
///
/// The text goes on; who keeps it reads its form. What stands before it says where it comes from.
struct BalancerLogLine {
    /// What its labels are made of. `-` where there is none.
    struct Origin: Hashable {
        var engine: BalancerEngine
        /// `APP.PROCESS`
        var backend: String
        /// `INSTANCE:HOST`, or `INSTANCE`
        var server: String

        var labels: LogStream {
            var labels: [LogStream.Label] = [
                .init("process", engine.rawValue), .init("source", engine == .nginx ? "nginx.access" : "haproxy"),
            ]
            if let app = backend.split(separator: ".").first.flatMap({ try? AppName(String($0)) }),
                backend.contains(".")
            {
                labels.append(.init("app", app.text))
            }
            if let instance = InstanceID(ofServer: server) {
                labels += [.init("instance", instance.description), .init("release", "r\(instance.release)")]
            }
            return LogStream(labels)
        }
    }

    private static let blank = UInt8(ascii: " ")
    private static let prefixWords = 7
    /// What HAProxy writes where it does not know when a request began: it was none.
    private static let noTime = Array("[-.-]".utf8)

    let origin: Origin
    let text: Slice<UnsafeRawBufferPointer>
    /// Of a request the text says it.
    let level: LogLevel
    private let isRequest: Bool

    init?(_ line: Slice<UnsafeRawBufferPointer>) {
        guard let first = line.first else { return nil }
        guard first == UInt8(ascii: "<") else {
            guard let words = Self.words(line, 3), Self.text(words.words[0]) == "nginx" else { return nil }
            origin = Origin(engine: .nginx, backend: Self.text(words.words[1]), server: Self.text(words.words[2]))
            (text, level, isRequest) = (words.rest, .none, true)
            return
        }
        guard let close = line.prefix(4).firstIndex(of: UInt8(ascii: ">")),
            let severity = Int(Self.text(line[line.index(after: line.startIndex)..<close]))
        else { return nil }
        let rest = line[line.index(after: close)...]
        if let words = Self.words(rest, Self.prefixWords), words.words[0].allSatisfy({ (0x30...0x39).contains($0) }) {
            origin = Origin(engine: .haproxy, backend: Self.text(words.words[6]), server: Self.text(words.words[1]))
            (text, level, isRequest) = (words.rest, .none, true)
            return
        }
        let said = Self.text(rest.prefix(512)).split(separator: " ", maxSplits: 2).map(String.init)
        // `Server shop.web/shop.web.1.r1 is DOWN …`, `backend shop.web has no server …`, `Proxy shop.web stopped …`
        let about = said.count > 1 ? said[1].split(separator: "/").map(String.init) : []
        origin = Origin(engine: .haproxy, backend: about.first ?? "-", server: about.count == 2 ? about[1] : "-")
        text = rest
        isRequest = false
        // Each of its workers says so when the next one has taken over.
        let isUsual = said.first == "Proxy" && severity >= 4
        // Every server that fails is an alert to it, or an emergency.
        level = isUsual ? .info : min(LogLevel(syslog: severity) ?? .none, .error)
    }

    /// The text with a time in it, if it has to have one and has none.
    /// - Parameter now: nanoseconds since 1970.
    func withTime(_ now: Int64) -> [UInt8]? {
        guard isRequest, origin.engine == .haproxy else { return nil }
        let head = text.prefix(80)
        guard let bracket = head.firstIndex(of: UInt8(ascii: "[")), text[bracket...].starts(with: Self.noTime) else {
            return nil
        }
        let time = Array("[\(Self.time(now))]".utf8)
        return Array(text[..<bracket]) + time + Array(text[(bracket + Self.noTime.count)...])
    }

    /// `21/Nov/2026:12:00:00.123`
    private static func time(_ now: Int64) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // 2026-11-21T12:00:00.123456789Z
        let parts = LogTime.text(now).split { "-T.Z".contains($0) }
        let month = months[(Int(parts[1]) ?? 1) - 1]
        return "\(parts[2])/\(month)/\(parts[0]):\(parts[3]).\(parts[4].prefix(3))"
    }

    /// The first words, and what is behind them and a blank.
    private static func words(
        _ line: Slice<UnsafeRawBufferPointer>, _ count: Int
    ) -> (words: [Slice<UnsafeRawBufferPointer>], rest: Slice<UnsafeRawBufferPointer>)? {
        var words: [Slice<UnsafeRawBufferPointer>] = []
        var rest = line
        while words.count < count {
            guard let end = rest.firstIndex(of: blank) else { return nil }
            words.append(rest[..<end])
            rest = rest[rest.index(after: end)...]
        }
        return (words, rest)
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
