import AsyncHTTPClient
import ControlPlane
import Core
import FoundationEssentials
import Subprocess
import SystemPackage
import Testing
import Wire

@testable import Server

/// Programs that nobody here wrote ship lines to the server's listeners.
@Suite("Shippers of logs", .serialized, .timeLimit(.minutes(3)))
struct ShipperTests {
    private static let count = 1500

    private static var now: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// With what shippers and parsers get wrong.
    private static func line(_ number: Int) -> String {
        let odd = [
            #"he said "no" \ twice"#, "[brackets] and ]", "größer ✓ 漢字 🦜", "100% of %d $HOST {x}", "<13>1 - - - - - -",
            "{not: json", "a=1 b=\"two words\"", "tab\there", "12 <34>counted?",
        ]
        return "order \(number): \(odd[number % odd.count])"
    }

    private struct Place {
        var server: RunningServer
        var folder: ScratchFolder
        var plain: Int
        var secure: Int
        var authority: String
    }

    /// A certificate of the server's address, signed by itself.
    private static func certificate(_ folder: ScratchFolder, _ name: String) async throws -> (
        chain: String, key: String
    ) {
        let result = try await run(
            .path(FilePath("/usr/bin/openssl")),
            arguments: [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", "\(folder.path)/\(name).key",
                "-out", "\(folder.path)/\(name).pem", "-subj", "/CN=\(name)", "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:\(name)",
            ], output: .discarded, error: .discarded)
        try #require(result.terminationStatus.isSuccess)
        return (
            try String(contentsOfFile: "\(folder.path)/\(name).pem", encoding: .utf8),
            try String(contentsOfFile: "\(folder.path)/\(name).key", encoding: .utf8)
        )
    }

    /// A server that listens for syslog, and a file of lines for the shipper.
    private static func with(_ body: @escaping @Sendable (Place) async throws -> Void) async throws {
        let folder = try ScratchFolder()
        let lines = (0..<count).map(line).joined(separator: "\n") + "\n"
        _ = try folder.write("input.log", lines)
        let own = try await certificate(folder, "localhost")
        let client = try await certificate(folder, "client")
        let address = try ServerAddress("127.0.0.1:0", listens: true)
        let logs = try SampleLogs(
            syslog: SyslogSetting(
                plain: address,
                secure: .init(
                    address: address, certificateChain: own.chain, key: own.key, clientAuthority: client.chain)),
            now: { now })
        let running = Task { try await logs.service.run() }
        defer { running.cancel() }
        try await until("The listener") { logs.service.syslogPorts.plain != nil }
        let ports = logs.service.syslogPorts
        try await RunningServer.with(logs: logs, now: { now }) { server in
            try await body(
                Place(
                    server: server, folder: folder, plain: Int(ports.plain ?? 0), secure: Int(ports.secure ?? 0),
                    authority: "\(folder.path)/localhost.pem"))
        }
        running.cancel()
        try? await running.value
    }

    private static func until(
        _ what: String, within seconds: Int = 30, _ isSo: @Sendable () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Problem("test.failed", "\(what) did not come.", cause: "\(seconds) s are over.", remedy: "Look.")
    }

    /// Every line came once, as it was written, from whom it should.
    private static func expectLines(
        _ place: Place, source: String, labels: [String: String] = ["host": "web-7", "app": "shop"],
        fields: [String: String] = ["pid": "42", "facility": "local3"], fewest: Int = count
    ) async throws {
        let client = try place.server.client()
        do {
            try await until("\(fewest) lines") {
                let table = try await client.searchLogs(.init(query: "source:\(source) | count", from: "-1h")).table
                return Int(table?.rows.first?.first.flatMap(\.self) ?? "") ?? 0 >= fewest
            }
        } catch {
            let logs = ["rsyslog.log", "syslog-ng.log"].compactMap {
                try? String(contentsOfFile: "\(place.folder.path)/\($0)", encoding: .utf8)
            }
            Issue.record("\(logs.joined().suffix(3000))")
        }
        let lines =
            try await client.searchLogs(.init(query: "source:\(source)", from: "-1h"), limit: 10_000).lines ?? []
        await client.shutdown()
        let messages = lines.map(\.message).sorted()
        let wanted = (0..<count).map(line).sorted()
        if fewest == count {
            #expect(messages == wanted, "\(Set(messages).symmetricDifference(wanted).sorted().prefix(4))")
        } else {
            #expect(Set(messages).isSubset(of: wanted) && Set(messages).count == messages.count)
        }
        for line in lines {
            let found = line.labels.merging(line.fields) { label, _ in label }
            let wrong = labels.merging(fields) { label, _ in label }.filter { found[$0.key] != $0.value }
            #expect(wrong.isEmpty && line.level == "warn", "\(line)")
            if !wrong.isEmpty || line.level != "warn" { break }
        }
    }

    private static let isHere = FileManager.default.isExecutableFile(atPath: Shipper.rsyslog)
    private static let isOtherHere = FileManager.default.isExecutableFile(
        atPath: Shipper.syslogNG + "/usr/sbin/syslog-ng")

    @Test(
        "rsyslog by TCP, in every form that it has", .enabled(if: isHere),
        arguments: [
            ("RSYSLOG_SyslogProtocol23Format", "octet-counted"), ("RSYSLOG_SyslogProtocol23Format", "traditional"),
            ("RSYSLOG_ForwardFormat", "octet-counted"), ("RSYSLOG_TraditionalForwardFormat", "traditional"),
        ])
    func rsyslogByTCP(template: String, framing: String) async throws {
        try await Self.with { place in
            let program = try Shipper.rsyslog(
                place.folder,
                action: """
                    action(type="omfwd" target="127.0.0.1" port="\(place.plain)" protocol="tcp"
                           template="\(template)" TCP_Framing="\(framing)" queue.type="LinkedList"
                           queue.filename="apus" queue.saveOnShutdown="on" action.resumeRetryCount="-1")
                    """)
            defer { program.kill() }
            try await Self.expectLines(place, source: "syslog")
        }
    }

    @Test("rsyslog by UDP", .enabled(if: isHere))
    func rsyslogByUDP() async throws {
        try await Self.with { place in
            let program = try Shipper.rsyslog(
                place.folder,
                action: """
                    action(type="omfwd" target="127.0.0.1" port="\(place.plain)" protocol="udp"
                           template="RSYSLOG_SyslogProtocol23Format")
                    """)
            defer { program.kill() }
            try await Self.expectLines(place, source: "syslog")
        }
    }

    @Test("rsyslog over TLS, with a certificate of its own; without one it is not let in", .enabled(if: isHere))
    func rsyslogOverTLS() async throws {
        try await Self.with { place in
            let action = """
                action(type="omfwd" target="127.0.0.1" port="\(place.secure)" protocol="tcp" StreamDriver="ossl"
                       StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"
                       template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"
                       queue.type="LinkedList" action.resumeRetryCount="-1" action.resumeInterval="1")
                """
            let path = place.folder.path
            let program = try Shipper.rsyslog(
                place.folder,
                global: """
                    DefaultNetstreamDriverCAFile="\(place.authority)"
                    DefaultNetstreamDriverCertFile="\(path)/client.pem" DefaultNetstreamDriverKeyFile="\(path)/client.key"
                    """, action: action)
            defer { program.kill() }
            try await Self.expectLines(place, source: "syslog")
            let stranger = try await run(
                .path(FilePath("/usr/bin/openssl")),
                arguments: [
                    "s_client", "-connect", "127.0.0.1:\(place.secure)", "-CAfile", place.authority, "-quiet",
                    "-verify_return_error",
                ], input: .string("<13>stranger\n"), output: .string(limit: 4096), error: .string(limit: 1 << 16))
            #expect(!stranger.terminationStatus.isSuccess || stranger.standardError.contains("alert"))
            let client = try place.server.client()
            let found = try await client.searchLogs(.init(query: "stranger", from: "-1h")).lines
            await client.shutdown()
            #expect(found?.isEmpty == true)
        }
    }

    @Test("rsyslog's omelasticsearch", .enabled(if: isHere))
    func rsyslogToElasticsearch() async throws {
        try await Self.with { place in
            let program = try Shipper.rsyslog(
                place.folder, modules: #"module(load="omelasticsearch")"#,
                action: """
                    template(name="document" type="list" option.jsonf="on") {
                        property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
                        property(outname="host" name="hostname" format="jsonf")
                        property(outname="severity" name="syslogseverity-text" format="jsonf")
                        property(outname="facility" name="syslogfacility-text" format="jsonf")
                        property(outname="app" name="app-name" format="jsonf")
                        property(outname="pid" name="procid" format="jsonf")
                        property(outname="message" name="msg" format="jsonf")
                    }
                    action(type="omelasticsearch" server="127.0.0.1" serverport="\(place.server.port)" uid="apus"
                           pwd="reporter" searchIndex="shop" template="document" bulkmode="on"
                           queue.type="LinkedList" action.resumeRetryCount="-1" action.resumeInterval="1")
                    """)
            defer { program.kill() }
            try await Self.expectLines(
                place, source: "bulk", labels: ["host": "web-7", "app": "shop", "index": "shop"])
        }
    }

    @Test(
        "syslog-ng, in both forms that it has, and over TLS", .enabled(if: isOtherHere),
        arguments: ["syslog", "network", "tls"])
    func syslogNG(form: String) async throws {
        try await Self.with { place in
            let path = place.folder.path
            let destination =
                switch form {
                case "syslog": #"syslog("127.0.0.1" transport("tcp") port(\#(place.plain)));"#
                case "network": #"network("127.0.0.1" transport("tcp") port(\#(place.plain)));"#
                default:
                    """
                    syslog("127.0.0.1" transport("tls") port(\(place.secure)) tls(peer-verify(required-trusted)
                        ca-file("\(place.authority)") cert-file("\(path)/client.pem") key-file("\(path)/client.key")));
                    """
                }
            let program = try Shipper.syslogNG(place.folder, destination: destination)
            defer { program.kill() }
            try await Self.expectLines(place, source: "syslog")
        }
    }

    @Test("syslog-ng's http to _bulk", .enabled(if: isOtherHere))
    func syslogNGByHTTP() async throws {
        try await Self.with { place in
            let program = try Shipper.syslogNG(
                place.folder,
                destination: #"""
                    http(url("http://127.0.0.1:\#(place.server.port)/_bulk") method("POST")
                         user("apus") password("reporter") headers("Content-Type: application/x-ndjson")
                         batch-lines(200) batch-timeout(200) delimiter("\n") body-suffix("\n")
                         body('{"create":{"_index":"shop"}}
                    $(format-json host=$HOST app=$PROGRAM pid=$PID facility=$FACILITY severity=$LEVEL
                      @timestamp=$ISODATE message=$MESSAGE)'));
                    """#)
            defer { program.kill() }
            try await Self.expectLines(
                place, source: "bulk", labels: ["host": "web-7", "app": "shop", "index": "shop"])
        }
    }
}
