import Logs

/// Lines in the shapes of HDFS, OpenSSH, nginx and JSON applications, a quarter of each, the same for the same seed.
/// Varied as real ones are: identities that never come again, names of which some come often, numbers of all kinds.
///
/// Of all lines 1.6 % say `connection timed out`, and three have the word `zx9quorum7`.
struct Corpus {
    static let phrase = "connection timed out"
    static let rare = "zx9quorum7"
    static let start: Int64 = 1_700_000_000_000_000_000

    private let lines: Int
    private var numbers: SplitMix
    private var time = start
    private var made = 0

    private static let streams: [LogStream] = [
        ["app": "hdfs", "host": "data-1", "source": "stdout"], ["app": "sshd", "host": "web-1", "source": "syslog"],
        ["app": "web", "host": "web-1", "source": "nginx.access"],
        ["app": "shop", "host": "web-2", "source": "stdout"],
    ]
    private static let users = [
        "root", "admin", "oracle", "test", "postgres", "ubuntu", "guest", "deploy", "git", "nagios", "pi", "ftp",
        "mysql",
        "hadoop", "jenkins", "webmaster", "support", "www-data", "backup", "alice", "bob", "carol", "dave", "erin",
    ]
    private static let paths = [
        "/", "/index.html", "/login", "/cart", "/checkout", "/static/app.js", "/static/style.css", "/images/logo.png",
        "/api/v1/orders/", "/api/v1/items/", "/search?q=", "/user/", "/healthz", "/favicon.ico", "/feed.xml", "/blog/",
    ]
    private static let agents = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Version/17.1 Mobile/15E148",
        "curl/7.88.1", "Googlebot/2.1 (+http://www.google.com/bot.html)", "python-requests/2.31.0",
    ]
    private static let events = [
        "order placed", "payment accepted", "cart updated", "item viewed", "stock checked", "mail queued",
        "session opened",
        "session closed", "price computed", "cache refreshed", "retrying the request", "user authenticated",
    ]

    init(lines: Int, seed: UInt64 = 1) {
        self.lines = lines
        numbers = SplitMix(state: seed)
    }

    private mutating func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }

    /// Small numbers more often.
    private mutating func often(_ limit: Int) -> Int { below(below(limit) + 1) }

    private mutating func hexadecimal(_ digits: Int) -> String {
        let text = String(numbers.next(), radix: 16)
        return String((String(repeating: "0", count: 16 - text.utf8.count) + text).prefix(digits))
    }

    /// The next batch, of up to so many lines of one stream; nil at the end.
    mutating func next(_ count: Int) -> LogBatch? {
        guard made < lines else { return nil }
        let kind = made / count % 4
        var batch = Batch(Self.streams[kind])
        for _ in 0..<min(count, lines - made) {
            time += Int64(below(2_000_000))
            let isPhrase = below(1000) < 16
            let isRare = made == lines / 5 || made == lines / 2 || made == lines - 3
            var message: String
            switch kind {
            case 0: message = hdfs()
            case 1: message = sshd(&batch)
            case 2: message = nginx(&batch)
            default: message = shop(&batch)
            }
            if isPhrase { message += " upstream: Connection timed out" }
            if isRare { message += " token " + Self.rare }
            let level: LogLevel = isPhrase ? .error : below(50) == 0 ? .warn : .info
            batch.add(
                message, time: kind == 2 ? time / 1_000_000_000 * 1_000_000_000 : time / 1_000_000 * 1_000_000, level)
            made += 1
        }
        return batch.batch
    }

    private mutating func hdfs() -> String {
        let block = "blk_\(below(2) == 0 ? "-" : "")\(numbers.next() >> 1)"
        let source = "10.\(250 + below(2)).\(below(20)).\(below(255))"
        let port = 32_768 + below(28_000)
        switch below(5) {
        case 0:
            return
                "INFO dfs.DataNode$DataXceiver: Receiving block \(block) src: /\(source):\(port) dest: /\(source):50010"
        case 1:
            return
                "INFO dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: \(source):50010 is added to \(block) size \(below(67_108_864))"
        case 2: return "INFO dfs.DataNode$PacketResponder: PacketResponder \(below(3)) for block \(block) terminating"
        case 3:
            return
                "INFO dfs.DataNode$PacketResponder: Received block \(block) of size \(below(67_108_864)) from /\(source)"
        default:
            return
                "INFO dfs.FSNamesystem: BLOCK* NameSystem.allocateBlock: /user/app/rand/_temporary/_task_20081109\(1000 + below(9000))_0001_m_00\(1000 + below(1000))_0/part-0\(1000 + below(1000)). \(block)"
        }
    }

    private mutating func sshd(_ batch: inout Batch) -> String {
        let user = Self.users[often(Self.users.count)]
        let address = "\(1 + often(220)).\(below(255)).\(often(255)).\(below(255))"
        let port = 1024 + below(64_000)
        batch.field("pid", "\(1000 + often(31_000))")
        switch below(6) {
        case 0: return "Failed password for invalid user \(user) from \(address) port \(port) ssh2"
        case 1:
            return
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=\(address)  user=\(user)"
        case 2: return "Received disconnect from \(address): 11: Bye Bye [preauth]"
        case 3: return "Invalid user \(user) from \(address)"
        case 4:
            return
                "Accepted publickey for \(user) from \(address) port \(port) ssh2: RSA SHA256:\(hexadecimal(16))\(hexadecimal(12))"
        default:
            return
                "reverse mapping checking getaddrinfo for host-\(below(4000)).example.net [\(address)] failed - POSSIBLE BREAK-IN ATTEMPT!"
        }
    }

    private mutating func nginx(_ batch: inout Batch) -> String {
        var path = Self.paths[often(Self.paths.count)]
        if path.hasSuffix("/") || path.hasSuffix("=") { path += "\(often(90_000))" }
        batch.field("remote", "\(1 + often(220)).\(below(255)).\(often(255)).\(below(255))")
        batch.field("method", below(10) == 0 ? "POST" : "GET")
        batch.field("path", path)
        batch.field("status", ["200", "200", "200", "304", "404", "500", "302"][often(7)])
        batch.field("bytes", "\(often(60_000))")
        batch.field("agent", Self.agents[often(Self.agents.count)])
        batch.field("seconds", "0.\(100 + often(900))")
        return ""
    }

    private mutating func shop(_ batch: inout Batch) -> String {
        batch.field("trace", hexadecimal(16) + hexadecimal(16))
        batch.field("user.id", "\(often(200_000))")
        batch.field("order", "ORD-\(100_000 + below(900_000))")
        batch.field("duration_ms", "\(often(4000)).\(below(1000))")
        batch.field("region", ["eu-west-1", "us-east-1", "ap-south-1"][often(3)])
        batch.field("thread", "worker-\(below(32))")
        return "\(Self.events[often(Self.events.count)]) for customer \(below(300_000)) in \(often(900)) ms"
    }
}

/// A batch of one stream that is being filled.
struct Batch {
    private(set) var batch = LogBatch()
    private var first = 0

    init(_ stream: LogStream) { batch.streams = [stream] }

    private mutating func text(_ text: String) -> LogBatch.Text {
        let start = batch.bytes.count
        batch.bytes.append(contentsOf: text.utf8)
        return LogBatch.Text(start: UInt32(start), count: UInt32(batch.bytes.count - start))
    }

    /// A field of the line that is added next.
    mutating func field(_ name: String, _ value: String) {
        let place = batch.names.firstIndex(of: name) ?? batch.names.count
        if place == batch.names.count { batch.names.append(name) }
        batch.fields.append(LogBatch.Field(name: UInt32(place), value: text(value)))
    }

    mutating func add(_ message: String, time: Int64, _ level: LogLevel) {
        let said = text(message)
        batch.lines.append(
            LogBatch.Line(
                time: time, stream: 0, level: level, message: said, firstField: UInt32(first),
                fieldCount: UInt32(batch.fields.count - first)))
        first = batch.fields.count
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
