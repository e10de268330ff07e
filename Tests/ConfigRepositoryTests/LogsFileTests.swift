import ConfigRepository
import Core
import FoundationEssentials
import Logs
import Testing

@Suite struct LogsFileTests {
    private func read(_ logs: String) -> ConfigurationReading {
        let indented = logs.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        return Sample.read([
            "fabrics/prod.yaml": "fabric: prod\nregions: { eu: [a, b] }\nlogs:\n\(indented.joined(separator: "\n"))\n"
        ])
    }

    private func policy(_ logs: String) throws -> LogsPolicy { try Sample.prod(read(logs)).policy.logs }

    private func codes(_ logs: String) -> [String] { read(logs).errors.map(\.code) }

    @Test("Without a word everything is collected and kept for a month")
    func defaults() throws {
        let policy = try Sample.prod(Sample.read()).policy.logs
        #expect(policy == LogsPolicy())
        #expect(policy.isOn && policy.retention == [.usual] && policy.pipelines.isEmpty)
    }

    @Test("Every key is read as it is written")
    func everything() throws {
        let policy = try policy(
            """
            collect: false
            buffer: 2GiB
            keep:
              - { labels: { app: shop, source: stderr }, age: forever, size: 1TiB }
              - { labels: { app: shop }, age: 7d }
            raw: [{ labels: { app: shop, zone: a }, age: 365d }, { labels: { app: shop } }]
            redact:
              - { kinds: [card, email], patterns: "id=(\\\\d+)", replacement: "" }
              - kinds: aws
            files:
              z: { paths: "/var/log/{a,b}/*.log", on: { class: web }, labels: { app: z }, rate: 100 }
              a: { paths: [/var/log/a], multiline: { begins: '^\\S', quiet: 500ms } }
            journal: true
            balancers: { rate: 500 }
            syslog: [{ tcp: 601, on: { hosts: edge-1 } }, { socket: /run/log, labels: { a: b } }]
            """)
        #expect(!policy.isOn)
        #expect(policy.buffer == .mebibytes(2048))
        #expect(
            policy.retention == [
                LogRetentionSpec(labels: ["app": "shop", "source": "stderr"], size: .mebibytes(1 << 20)),
                LogRetentionSpec(labels: ["app": "shop"], age: Interval(milliseconds: 7 * 86_400_000)), .usual,
            ])
        #expect(
            policy.raw == [
                LogRetentionSpec(
                    labels: ["app": "shop", "zone": "a"], age: Interval(milliseconds: 365 * 86_400_000)),
                LogRetentionSpec(labels: ["app": "shop"]),
            ])
        #expect(
            policy.redactions == [
                RedactionSpec(kinds: ["card", "email"], patterns: ["id=(\\d+)"], replacement: ""),
                RedactionSpec(kinds: ["aws"]),
            ])
        #expect(
            policy.files == [
                LogFilesSpec(
                    name: LogFilesName(checked: "z"), hosts: HostSelector(hostClass: HostClassName(checked: "web")),
                    paths: ["/var/log/{a,b}/*.log"], labels: ["app": "z"], rateMax: 100),
                LogFilesSpec(
                    name: LogFilesName(checked: "a"), paths: ["/var/log/a"],
                    multiline: LogFilesSpec.Multiline(begins: "^\\S", quiet: Interval(milliseconds: 500))),
            ])
        #expect(policy.journal == HostSelector())
        #expect(policy.balancers == BalancerLogsSpec(rateMax: 500))
        #expect(try self.policy("balancers: true").balancers == nil)
        #expect(try self.policy("balancers: false").balancers == BalancerLogsSpec(isOn: false))
        #expect(
            policy.syslog == [
                SyslogSpec(hosts: HostSelector(hosts: [HostName(checked: "edge-1")]), listener: .stream(port: 601)),
                SyslogSpec(listener: .socket(path: "/run/log"), labels: ["a": "b"]),
            ])
    }

    @Test("Every kind of step is read, in the short form and in the long")
    func steps() throws {
        let policy = try policy(
            """
            pipelines:
              shop:
                lines: app:shop
                steps:
                  - parse: json
                  - parse: { format: apache, from: request }
                  - grok: ["%{IP:client}", "%{INT:id}"]
                  - grok: { patterns: "%{ORDER:order}", from: text, define: { ORDER: "O-[0-9]+" } }
                  - pattern: '^(?<verb>\\w+) '
                  - rename: { b: x, a: y }
                  - drop: [c, "http.*"]
                  - set: { team: "shop ${host}" }
                  - lower: [d, e]
                  - upper: f
                  - clean: message
                  - convert: { took: milliseconds }
                  - time: { from: ts, zone: "-05:30" }
                  - level: severity
                  - drop-lines: path:/healthz
                  - sample: { one-in: 10, lines: level:debug }
                  - redact: { kinds: [password] }
                  - measure: { name: shop.took, kind: timing, of: took, by: [verb] }
                  - measure: { name: shop.lines }
                  - when: { lines: level:>=warn, steps: [{ set: { loud: "true" } }] }
            """)
        let pipeline = try #require(policy.pipelines.first)
        #expect(pipeline.name.text == "shop" && pipeline.lines == "app:shop")
        #expect(
            pipeline.steps == [
                .parse(format: "json", from: "message"), .parse(format: "nginx", from: "request"),
                .grok(patterns: ["%{IP:client}", "%{INT:id}"], from: "message", definitions: [:]),
                .grok(patterns: ["%{ORDER:order}"], from: "text", definitions: ["ORDER": "O-[0-9]+"]),
                .pattern(expression: "^(?<verb>\\w+) ", from: "message"), .rename(from: "b", to: "x"),
                .rename(from: "a", to: "y"), .drop(fields: ["c", "http.*"]),
                .set(field: "team", to: "shop ${host}"), .lower(field: "d"), .lower(field: "e"), .upper(field: "f"),
                .clean(field: "message"), .convert(field: "took", to: .milliseconds),
                .time(from: "ts", zone: -330), .level(from: "severity"), .dropLines(where: "path:/healthz"),
                .sample(oneIn: 10, where: "level:debug"), .redact(RedactionSpec(kinds: ["password"])),
                .measure(LogMeasureSpec(name: "shop.took", kind: .timing, field: "took", by: ["verb"])),
                .measure(LogMeasureSpec(name: "shop.lines")),
                .when(lines: "level:>=warn", steps: [.set(field: "loud", to: "true")]),
            ])
        let configuration = try Sample.prod(read("pipelines: { a: { steps: [{ parse: auto }] } }"))
        #expect(ConfigurationDiff.facts(of: configuration).contains("fabric.logs.pipelines.a.1: parse auto"))
    }

    @Test("Users' files of grok patterns load, so far as they are used")
    func patternFile() throws {
        let files = [
            "fabrics/prod.yaml": """
            fabric: prod
            regions: { eu: [a, b] }
            logs:
              files: { java: { paths: /var/log/java.log, multiline: stack-traces } }
              pipelines:
                a: { steps: [{ grok: { patterns: "^%{ORDER:order} by %{WHO:who}", define: templates/grok } }] }

            """,
            "templates/grok": "# ours\nORDER O-%{DIGITS}\nDIGITS [0-9]{3}\n\nWHO [a-z]+\nUNUSED (?<x>a)\n",
        ]
        let reading = Sample.read(files)
        let policy = try Sample.prod(reading).policy.logs
        let line = try LogTrial(policy.trialPipelines()).run(["O-123 by ann"], stream: [:], now: 0)[0]
        #expect(line.outcome["order"] == "O-123" && line.outcome["who"] == "ann")
        guard case .grok(_, _, let definitions) = policy.pipelines[0].steps[0] else { throw CancellationError() }
        #expect(definitions.keys.sorted() == ["DIGITS", "ORDER", "WHO"])
        #expect(reading.users(of: .template("templates/grok")).count == 1)
        #expect(policy.files[0].multiline == LogFilesSpec.Multiline())
        let bad = Sample.read(files.merging(["templates/grok": "?\n"]) { $1 })
        #expect(bad.errors.map(\.code).contains("logs.grok"))
    }

    @Test("A change of logs is said in words")
    func difference() throws {
        let old = try Sample.prod(read("buffer: 1GiB\nfiles: { a: { paths: /var/log/a } }"))
        let new = try Sample.prod(
            read(
                """
                buffer: 2GiB
                keep: { age: 7d }
                files: { a: { paths: /var/log/a, rate: 5 } }
                journal: { on: { class: web } }
                balancers: false
                syslog: { udp: 514 }
                redact: { kinds: email }
                pipelines: { a: { steps: [{ sample: 5 }] } }
                """))
        #expect(
            ConfigurationDiff.changes(from: old, to: new).map(\.description) == [
                "+ fabric.logs.balancers: false", "+ fabric.logs.buffer: 2 GiB",
                "~ fabric.logs.files.a: /var/log/a of all hosts → /var/log/a of all hosts, at most 5 lines a second",
                "+ fabric.logs.journal: of class web", "+ fabric.logs.keep.1: all for 7d",
                "+ fabric.logs.pipelines: a", "+ fabric.logs.pipelines.a.1: sample one in 5",
                "+ fabric.logs.redact.1: email as \"[redacted]\"", "+ fabric.logs.syslog.udp.514: of all hosts",
            ])
    }

    @Test("What git says is done to lines, with what hosts make unreadable in front")
    func trial() throws {
        let policy = try policy(
            """
            redact: { kinds: email }
            pipelines:
              all: { steps: [{ parse: auto }] }
              orders:
                lines: order took:>1
                steps:
                  - grok: "order %{INT:order} of %{NOTSPACE:who}"
                  - convert: { took: milliseconds }
                  - measure: { name: shop.took, kind: timing, of: took }
              noise: { steps: [{ drop-lines: level:debug }] }
            """)
        let trial = try LogTrial(policy.trialPipelines())
        let lines = trial.run(
            [
                #"{"level":"info","msg":"order 7 of ann@example.com","took":2}"#,
                #"{"level":"debug","msg":"order 8 of bob","took":0.5}"#,
            ], stream: ["app": "shop"], now: 0)
        #expect(lines[0].outcome["order"] == "7" && lines[0].outcome["who"] == "[redacted]")
        #expect(lines[0].outcome["took"] == "2000" && lines[0].measures.map(\.name) == ["shop.took"])
        #expect(lines[0].droppedBy == nil && lines[1].droppedBy != nil && lines[1].measures.isEmpty)
        _ = try policy.program()
        // Without pipelines forms are recognised.
        let usual = try LogTrial(LogsPolicy().trialPipelines())
        #expect(usual.run(["a=1 b=2"], stream: [:], now: 0)[0].outcome["a"] == "1")
    }

    @Test("What a server saves it reads again, and what an older one saved as well")
    func saved() throws {
        let policy = FabricPolicy(
            logs: try policy(
                """
                files: { a: { paths: /a, multiline: { begins: "^x" } } }
                syslog: [{ udp: 514 }, { socket: /run/log }]
                pipelines: { a: { steps: [{ when: { lines: b, steps: [{ redact: { kinds: aws } }] } }, { grok: c }] } }
                """))
        let bytes = try JSONEncoder().encode(policy)
        #expect(try JSONDecoder().decode(FabricPolicy.self, from: bytes) == policy)
        let old = #"{"apply": "manual", "lostHostGrace": "30s", "lostHostsMax": "34%"}"#
        #expect(try JSONDecoder().decode(FabricPolicy.self, from: Data(old.utf8)).logs == LogsPolicy())
    }

    @Test("A host's part of the policy is what its selectors admit")
    func collection() throws {
        let configuration = try Sample.prod(
            read(
                """
                files: { a: { paths: /a, on: { labels: { role: web } } }, b: { paths: /b, on: { hosts: edge-1 } } }
                journal: { on: { class: web } }
                syslog: [{ udp: 514 }, { tcp: 514, on: { labels: { role: edge } } }]
                """))
        func collection(_ name: String) throws -> LogCollection {
            let host = try #require(configuration.hosts[HostName(checked: name)])
            return try #require(
                configuration.policy.logs.collection(of: host, classLabels: configuration.classLabels(of: host)))
        }
        let web = try collection("web-1")
        #expect(web.files.map(\.name.text) == ["a"] && web.journal && web.syslog.count == 1)
        let edge = try collection("edge-1")
        #expect(edge.files.map(\.name.text) == ["b"] && !edge.journal && edge.syslog.count == 2)
        var policy = configuration.policy.logs
        policy.isOn = false
        #expect(policy.collection(of: HostSpec.sample) == nil)
    }

    @Test("Hostile values are errors, each at once")
    func hostile() {
        let long = String(repeating: "a", count: 9000)
        #expect(codes("pipelines: { a: { lines: \(long), steps: [{ parse: auto }] } }") == ["logs.expression"])
        #expect(codes("redact: { patterns: \(long) }") == ["logs.expression"])
        #expect(codes("files: { a: { paths: /\(long) } }") == ["glob.invalid"])
        #expect(codes("files: { a: { paths: \"/a\\n/b\" } }") == ["glob.invalid"])
        #expect(codes("files: { a: { paths: \"/var/{\(String(repeating: "a,", count: 40))}\" } }") == ["glob.invalid"])
        #expect(codes("syslog: { socket: /\(String(repeating: "a", count: 107)) }") == ["socket.invalid"])
        #expect(codes("pipelines: { a: { steps: [{ set: { \"a\\u202Eb\": c } }] } }") == ["field.invalid"])
        #expect(codes("pipelines: { a: { steps: [{ set: { a: \"b\\nc\" } }] } }") == ["field.text"])
        #expect(codes("pipelines: { a: { lines: \"a\\u202Eb\", steps: [{ parse: auto }] } }") == ["logs.expression"])
        // Patterns whose names stand for one another, many times over.
        let bomb = (1...30).map { "A\($0): '%{A\($0 - 1)}%{A\($0 - 1)}'" }.joined(separator: ", ")
        #expect(
            codes("pipelines: { a: { steps: [{ grok: { patterns: '%{A30}', define: { A0: x, \(bomb) } } }] } }")
                == ["logs.grok"])
        #expect(codes("redact: { patterns: '\(String(repeating: "(", count: 5000))' }") == ["logs.pattern"])
        #expect(
            codes("pipelines: { a: { lines: '\(String(repeating: "(", count: 5000))', steps: [{ sample: 2 }] } }").count
                == 1)
        #expect(codes("buffer: 99999999999999999999GiB") == ["bytes.invalid"])
        #expect(codes("keep: { age: -1d }") == ["interval.invalid"])
        #expect(codes("raw: { age: 1m }") == ["value.range"])
        #expect(codes("raw: { size: 1GiB }") == ["key.unknown"])
        #expect(codes("raw: true").count == 1)
        #expect(codes("files: \(String(repeating: "[", count: 100))") == ["yaml.invalid"])
        let many = (0..<300).map { "f\($0): { paths: /f\($0) }" }.joined(separator: ", ")
        #expect(codes("files: { \(many) }") == ["value.range"])
        let steps = Array(repeating: "{ parse: auto }", count: 501).joined(separator: ", ")
        #expect(codes("pipelines: { a: { steps: [\(steps)] } }") == ["value.range"])
        let deep =
            String(repeating: "{ when: { lines: a, steps: [", count: 9) + "{ parse: auto }"
            + String(repeating: "] } }", count: 9)
        #expect(codes("pipelines: { a: { steps: [\(deep)] } }") == ["value.range"])
    }
}

extension HostSpec {
    fileprivate static var sample: HostSpec {
        HostSpec(
            name: HostName(checked: "web-1"), address: "10.0.0.1", region: RegionName(checked: "eu"),
            zone: ZoneName(checked: "a"))
    }
}
