import Telemetry
import Testing

@testable import Logs

@Suite("Pipelines of lines")
struct PipelineTests {
    private func outcome(_ line: String, _ steps: [LogStep]) throws -> String? { try parsed(line, steps)?.description }

    private func has(_ field: String, _ text: String) -> LogFilter {
        .condition(LogCondition(field: field, .equals(Array(text.utf8))))
    }

    @Test("Steps change a line one after the other")
    func steps() throws {
        let steps: [LogStep] = [
            .parse(.json), .rename(from: "u", to: "user"), .lower("user"), .upper("code"), .drop(["tmp", "debug.*"]),
            .convert("took", to: .milliseconds), .convert("size", to: .bytes), .convert("n", to: .integer),
            .set("where", to: "${source}/${user}/$$"), .level(from: "sev"), .time(from: "at", zone: 60), .clean(),
        ]
        let line = try parsed(
            #"{"msg":"a\u001b[31mb\u0007","u":"BOB","code":"x1","tmp":1,"debug":{"a":1,"b":2},"took":0.0125,"size":"2KiB","#
                + #""n":7.9,"sev":"warning","at":"2026-11-21 13:00:00"}"#, steps)
        #expect(line?.description == "warn|ab|code=X1 n=7 size=2048 took=12.5 user=bob where=test/bob/$")
        #expect(line?.time == "2026-11-21T12:00:00.000000000Z")
    }

    @Test("Lines are left out, thinned and treated by what they say")
    func filters() throws {
        #expect(
            try outcome("GET /healthz", [.dropLines(where: .condition(LogCondition(.phrase(Array("/healthz".utf8)))))])
                == nil)
        #expect(try outcome("a=1 b=2", [.parse(.auto), .when(has("a", "1"), [.set("c", to: "3")])]) == "||a=1 b=2 c=3")
        #expect(
            try outcome("a=1 b=2", [.parse(.auto), .when(.not(has("a", "1")), [.set("c", to: "3")])]) == "||a=1 b=2")
        let warn = LogFilter.condition(LogCondition(field: "level", .level(.warn ... .emergency)))
        #expect(
            try outcome("level=error msg=x", [.parse(.auto), .when(warn, [.set("page", to: "1")])]) == "error|x|page=1")
        var processor = LogProcessor(
            try LogProgram([LogPipeline(name: "thin", steps: [.sample(oneIn: 10)])]), seed: 1)
        for _ in 0..<10_000 { processor.take(Array("x".utf8)) }
        #expect((800...1200).contains(processor.takeBatch().lines.count))
        #expect(processor.counts.lines == 10_000)
    }

    @Test("Grok takes lines apart, with our patterns and users' own")
    func grok() throws {
        let own = try GrokLibrary.read("# mine\nSKU [A-Z]{2}-\\d+\n")
        #expect(
            try outcome(
                "10.0.0.1 bought AB-17 for 3.50 in 12.7ms",
                [
                    .grok(
                        ["%{IP:client} bought %{SKU:[item][sku]} for %{NUMBER:price:float} in %{NUMBER:took:int}ms"],
                        definitions: own)
                ]) == "|10.0.0.1 bought AB-17 for 3.50 in 12.7ms|client=10.0.0.1 item.sku=AB-17 price=3.50 took=12")
        #expect(try outcome("nothing", [.grok(["%{IP:client}"])]) == "|nothing|unparsed=grok")
        let combined = #"1.2.3.4 - - [21/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl""#
        #expect(try parsed(combined, [.grok(["%{COMBINEDAPACHELOG}"])])?.fields["status"] == "200")
        #expect(
            try outcome("Nov 21 12:00:00 web-1 sshd[7]: hi", [.grok(["%{SYSLOGLINE}"])])
                == "|hi|app=sshd host=web-1 pid=7 timestamp=Nov 21 12:00:00")
        #expect(
            try outcome("user=bob", [.pattern(#"user=(?<user>\w+)"#)]) == "|user=bob|user=bob")
        // All of our patterns compile.
        for name in GrokLibrary.standard.definitions.keys.sorted() {
            _ = try LogProgram([LogPipeline(name: name, steps: [.grok(["%{\(name):x}"])])])
        }
    }

    @Test("A pattern that takes too long is given up, and the line is kept")
    func limits() throws {
        let line = String(repeating: "a", count: 5000) + "!"
        var processor = LogProcessor(
            try LogProgram([LogPipeline(name: "slow", steps: [.pattern(#"^(?<x>(a+)+)$"#)])]), seed: 1)
        processor.take(Array(line.utf8))
        #expect(processor.counts.exhausted == 1)
        #expect(processor.takeBatch().parsed.first?.fields == ["unparsed": "pattern"])
    }

    @Test(
        "Secrets are taken out",
        arguments: [
            ("mail bob.o'neil+x@example.co.uk now", "mail bob.o'[redacted] now"),
            ("card 4111 1111 1111 1111 and 4111 1111 1111 1112", "card [redacted] and 4111 1111 1111 1112"),
            ("order 1234567890123", "order 1234567890123"),
            ("Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer [redacted]"),
            ("key AKIAABCDEFGHIJKLMNOP end", "key [redacted] end"),
            (#"{"password": "a \"b\" c", "x": 1}"#, #"{"password": "[redacted]", "x": 1}"#),
            ("url postgres://shop:geheim@db/shop", "url postgres://shop:[redacted]@db/shop"),
            (#"{"log":"{\"password\":\"x y\"}"}"#, #"{"log":"{\"password\":\"[redacted]\"}"}"#),
            ("api_key=0123&x=1", "api_key=[redacted]&x=1"),
            ("id 00042 is S3CRET", "id [redacted] is [redacted]"),
        ])
    func redaction(_ line: String, _ expected: String) throws {
        let redaction = LogRedaction(
            kinds: Set(LogRedaction.Kind.allCases), patterns: [#"id (\d+)"#], texts: ["S3CRET"])
        #expect(try parsed(line, [.redact(redaction)])?.message == expected)
    }

    @Test("Secrets are taken out of fields, and what is too much for a pattern is taken out whole")
    func redactionOfFields() throws {
        let line = try parsed(
            #"{"msg":"m","user":{"password":"x","mail":"a@b.example"}}"#,
            [.parse(.json), .redact(LogRedaction(kinds: [.password, .email]))])
        #expect(line?.fields == ["user.password": "[redacted]", "user.mail": "[redacted]"])
        let hard = try parsed(
            String(repeating: "a", count: 5000) + "!", [.redact(LogRedaction(patterns: ["^(a+)+$"]))])
        #expect(hard?.message == "[redacted]")
    }

    @Test("Lines are measured")
    func measures() throws {
        let steps: [LogStep] = [
            .parse(.auto), .measure(LogMeasureRule(name: "hits", kind: .count, by: ["status", "source"])),
            .measure(LogMeasureRule(name: "took", kind: .timing("ms"))),
            .measure(LogMeasureRule(name: "sent", kind: .sum("bytes"))),
        ]
        var processor = LogProcessor(try LogProgram([LogPipeline(name: "m", steps: steps)]), seed: 1)
        for line in ["status=200 ms=1.5 bytes=10", "status=500 ms=x bytes=5", "status=200 ms=2 bytes=1"] {
            processor.take(Array(line.utf8))
        }
        let measures = processor.takeMeasures().map { measure in
            "\(measure.name) \(measure.tags.map { "\($0.name)=\($0.value)" }) \(measure.value)"
        }
        #expect(
            measures == [
                #"hits ["status=200", "source=test"] count(2.0)"#, "took [] timings([1.5, 2.0])", "sent [] count(16.0)",
                #"hits ["status=500", "source=test"] count(1.0)"#,
            ])
        #expect(processor.takeMeasures().isEmpty)
    }

    @Test(
        "A pipeline that cannot be used is refused",
        arguments: [
            LogStep.grok(["%{NOPE:x}"]), .grok([]), .grok(["%{WORD:x:date}"]), .pattern("("), .pattern("no group"),
            .sample(oneIn: 0), .set("a", to: "${b"), .rename(from: "", to: "b"), .time(from: "t", zone: 9999),
            .grok(["%{A:x}"], definitions: ["A": "%{B}", "B": "%{A}"]), .redact(LogRedaction(patterns: ["["])),
            .pattern(String(repeating: "(?<a>x)", count: 300)),
        ])
    func refused(_ step: LogStep) {
        var problem: TelemetryProblem?
        do { _ = try LogProgram([LogPipeline(name: "bad", steps: [step])]) } catch { problem = error }
        #expect(problem != nil)
    }

    @Test("A trial tells what each step does")
    func trial() throws {
        let trial = try LogTrial([
            LogPipeline(
                name: "shop", steps: [.parse(.logfmt), .drop(["b"]), .dropLines(where: has("a", "2"))])
        ])
        let lines = trial.run(["a=1 b=2", "a=2"], stream: [:], now: noon)
        #expect(lines[0].steps.map(\.title) == ["parse logfmt", "drop b", "drop lines"])
        #expect(lines[0].steps[1].changes == [.init(name: "b", before: "2", after: nil)])
        #expect(lines[0].outcome["a"] == "1")
        #expect(lines[0].droppedBy == nil)
        #expect(lines[1].droppedBy == "drop lines")
    }

    @Test("A batch is processed as its lines would be")
    func batches() throws {
        var raw = LogProcessor(seed: 1)
        raw.take(Array("level=warn msg=x a=1".utf8))
        var processor = LogProcessor(try LogProgram([LogPipeline(name: "a", steps: [.parse(.auto)])]), seed: 2)
        processor.take(raw.takeBatch())
        #expect(processor.takeBatch().parsed.map(\.description) == ["warn|x|a=1"])
        #expect(processor.takeBatch().lines.isEmpty)
    }

    @Test("Times in the future are held back, and fields become labels")
    func clockAndLabels() throws {
        let program = try LogProgram([LogPipeline(name: "a", steps: [.parse(.auto)])])
        var processor = LogProcessor(program, labels: .usual, seed: 2)
        processor.take(Array(#"{"time":"2036-01-01T00:00:00Z","msg":"x","host":{"name":"web-9"},"app":"shop"}"#.utf8))
        let line = try #require(processor.takeBatch().parsed.first)
        #expect(line.time == LogTime.text(noon))
        #expect(line.fields == ["claimed_time": "2036-01-01T00:00:00.000000000Z"])
        #expect(line.stream == ["source": "test", "host": "web-9", "app": "shop"])
    }
}
