/// Lines in the shape of OpenSSH in a file of syslog, with precise times: people who come in, and many more who try to.
struct ShellLines: LineWriter {
    private struct Visit {
        var process: Int
        var user: String
        var address: String
        var port: Int
        var left: Int
        var isWelcome: Bool
    }

    let hasWords = true
    private let vocabulary: Vocabulary
    private var dice: Dice
    private let host: String
    private let known: [String]
    /// What clients show as theirs: the same again and again.
    private let keys: [String]
    private var process = 1200
    private var visits: [Visit] = []

    init(_ vocabulary: Vocabulary, _ dice: Dice, host: String) {
        var dice = dice
        self.vocabulary = vocabulary
        self.host = host
        known = (0..<3000).map { _ in dice.address() }
        keys = (0..<300).map { _ in dice.base64(43) }
        self.dice = dice
        for _ in 0..<9 { visits.append(visit()) }
    }

    private mutating func visit() -> Visit {
        process += 1 + dice.below(7)
        if process > 4_000_000 { process = 1200 }
        let isWelcome = dice.isTrue(0.12)
        // Who tries passwords comes back with the next one.
        let address = dice.isTrue(0.3) ? dice.favourite(of: known) : dice.address()
        return Visit(
            process: process, user: dice.favourite(of: vocabulary.users), address: address,
            port: 1024 + dice.below(64_000), left: 1 + dice.below(2), isWelcome: isWelcome)
    }

    mutating func line(at time: CalendarTime, isTimeout: Bool, word: String?) -> String {
        let place = dice.below(visits.count)
        let visit = visits[place]
        visits[place].left -= 1
        if visits[place].left == 0 { visits[place] = self.visit() }
        let said = isTimeout ? "read from \(visit.address) port \(visit.port): connection timed out" : body(visit)
        return
            "2026-11-\(time.day)T\(time.clock).\(time.microseconds)+00:00 \(host) sshd[\(visit.process)]: \(said)\(word.map { " token \($0)" } ?? "")"
    }

    private mutating func body(_ visit: Visit) -> String {
        let (user, address, port) = (visit.user, visit.address, visit.port)
        if visit.isWelcome {
            switch dice.below(4) {
            case 0:
                return
                    "Accepted publickey for \(user) from \(address) port \(port) ssh2: ED25519 SHA256:\(dice.favourite(of: keys))"
            case 1:
                return
                    "pam_unix(sshd:session): session opened for user \(user)(uid=\(1000 + dice.rank(600))) by (uid=0)"
            case 2:
                return
                    "Starting session: shell on pts/\(dice.below(12)) for \(user) from \(address) port \(port) id \(dice.below(3))"
            default: return "Disconnected from user \(user) \(address) port \(port)"
            }
        }
        switch dice.below(6) {
        case 0: return "Failed password for invalid user \(user) from \(address) port \(port) ssh2"
        case 1: return "pam_unix(sshd:auth): authentication failure; uid=0 tty=ssh rhost=\(address)"
        case 2:
            return
                "Received disconnect from \(address) port \(port):11: \(dice.favourite(of: ["Bye Bye", "Normal Shutdown", "ok"])) [preauth]"
        case 3: return "Invalid user \(user) from \(address) port \(port)"
        case 4:
            return
                "Failed publickey for \(user) from \(address) port \(port) ssh2: RSA SHA256:\(dice.favourite(of: keys))"
        default: return "Connection closed by authenticating user \(user) \(address) port \(port) [preauth]"
        }
    }
}
