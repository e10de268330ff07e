import ConfigRepository
import Core
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
            redact:
              - { kinds: [card, email], patterns: "id=(\\\\d+)", replacement: "" }
              - kinds: aws
            files:
              z: { paths: "/var/log/{a,b}/*.log", on: { class: web }, labels: { app: z }, rate: 100 }
              a: { paths: [/var/log/a], multiline: { begins: '^\\S', quiet: 500ms } }
            journal: true
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
                  - parse: { format: nginx, from: request }
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
                syslog: { udp: 514 }
                redact: { kinds: email }
                pipelines: { a: { steps: [{ sample: 5 }] } }
                """))
        #expect(
            ConfigurationDiff.changes(from: old, to: new).map(\.description) == [
                "+ fabric.logs.buffer: 2 GiB",
                "~ fabric.logs.files.a: /var/log/a of all hosts → /var/log/a of all hosts, at most 5 lines a second",
                "+ fabric.logs.journal: of class web", "+ fabric.logs.keep.1: all for 7d",
                "+ fabric.logs.pipelines: a", "+ fabric.logs.pipelines.a.1: sample one in 5",
                "+ fabric.logs.redact.1: email as \"[redacted]\"", "+ fabric.logs.syslog.udp.514: of all hosts",
            ])
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
        #expect(codes("buffer: 99999999999999999999GiB") == ["bytes.invalid"])
        #expect(codes("keep: { age: -1d }") == ["interval.invalid"])
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
