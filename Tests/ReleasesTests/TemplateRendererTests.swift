@testable import ControlPlane
import Core
import Testing

@Suite("Templates are rendered strictly and within bounds")
struct TemplateRendererTests {
    private func context() throws -> TemplateContext {
        let host = { (name: String, labels: [String: String]) throws in
            HostSpec(
                name: try HostName(name), address: "127.0.0.2", hostClass: try HostClassName("web"),
                region: try RegionName("eu"), zone: try ZoneName("a"), labels: labels)
        }
        return TemplateContext(
            fabric: try FabricName("prod"), app: try AppName("shop"), release: 7, version: "v2", commit: "abc",
            environment: ["DEBUG": "1", "QUOTE": "a\"b\n</script>"],
            hosts: [try host("web-2", ["ssd": "yes"]), try host("web-1", [:])])
    }

    private func render(_ template: String) throws -> String {
        try TemplateRenderer().render(template, path: "templates/a.json", context: context())
    }

    private func problem(_ template: String) -> Problem? {
        do {
            _ = try render(template)
            return nil
        } catch {
            return error as? Problem
        }
    }

    @Test(
        "What a template may say",
        arguments: [
            ("plain { text } 100%", "plain { text } 100%"),
            ("{{ app }} r{{release}} {{ fabric }}", "shop r7 prod"),
            ("{{ environment.DEBUG }}{# gone #}", "1"),
            ("{{ environment.QUOTE|json }}", #""a\"b\n</script>""#),
            (
                "{% for host in hosts %}{{ host.name }}={{ host.address }};{% endfor %}",
                "web-1=127.0.0.2;web-2=127.0.0.2;"
            ),
            (
                "{% for host in hosts where host.labels.ssd == \"yes\" %}{{ host.name }}{% empty %}none{% endfor %}",
                "web-2"
            ),
            ("{% for key, value in environment %}{{ key }},{% endfor %}", "DEBUG,QUOTE,"),
            (
                "{% for host in hosts %}{{ host.name }}{% if not forloop.last %}, {% endif %}{% endfor %}",
                "web-1, web-2"
            ),
            ("{% for i in 1...3 %}{{ i }}{% endfor %}", "123"),
            ("{% if environment.NOPE %}a{% elif release > 6 and app == \"shop\" %}b{% else %}c{% endif %}", "b"),
            ("{{ environment.NOPE|default:\"x, y | z\" }}", "x, y | z"),
            ("{{ app|uppercase }} {{ hosts.0.name }} {{ hosts.count }}", "SHOP web-1 2"),
            ("a\n  {%- if true -%}\n  b\n {%- endif %}\nc", "ab\nc"),
            ("{{ \"a,b\"|split:\",\"|join:\" + \" }}", "a + b"),
            ("", ""), ("{", "{"), ("ünïcode {{ app }} 🐦", "ünïcode shop 🐦"),
        ])
    func renders(template: String, expected: String) throws {
        #expect(try render(template) == expected)
    }

    @Test(
        "What is wrong is said with its line",
        arguments: [
            ("a\n\n{{ nope }}", 3, "nope is not there"),
            ("{{ environment.NOPE }}", 1, "environment.NOPE is not there"),
            ("\n{% for x in nope %}{% endfor %}", 2, "nope is not there"),
            ("\n{% for x in app %}{% endfor %}", 2, "app is not a list"),
            ("{{ hosts }}", 1, "is a list"),
            ("\n\n{% include \"/etc/passwd\" %}", 3, "`include` is not available"),
            ("{% extends \"x\" %}", 1, "not available"),
            ("{{ app", 1, "not closed"),
            ("{{ app | }}", 1, "where a filter should be"),
            ("{{ a||b }}", 1, "not a filter"),
            ("{{ }}", 1, "where a value should be"),
            ("{{ hosts.last }}", 1, "`.last`"),
            ("{{ hosts[app] }}", 1, "\"[\""),
            ("{{ app|indent:100000000 }}", 1, "not a filter"),
            ("{{ 'a\"b' }}", 1, "a quote"),
            ("{% for i in 1...999999999999 %}{% endfor %}", 1, "longer than"),
            ("{% for i in 9223372036854775806...9223372036854775807 %}{% endfor %}", 1, "longer than"),
            ("{% for i in 1...1000 %}{% for j in 1...1000 %}{% endfor %}{% endfor %}", 1, "steps"),
            ("{% if app %}", 1, "endif"),
            ("{% endfor %}", 1, "endfor"),
            ("{% if %}x{% endif %}", 1, "condition is empty"),
            ("{% if and and %}x{% endif %}", 1, "if"),
            ("{% if ( %}x{% endif %}", 1, ""),
            ("{% if ) %}x{% endif %}", 1, ""),
            ("{% if ( ) %}x{% endif %}", 1, ""),
            ("{% nope %}", 1, "not a tag"),
            ("{% break %}", 1, "break"),
            ("{{ \u{202E}x }}", 1, "A tag holds"),
        ])
    func refuses(template: String, line: Int, cause: String) {
        let problem = problem(template)
        #expect(problem?.code == "template.invalid")
        #expect(problem?.cause.contains("\"templates/a.json\", line \(line):") == true, "\(problem?.cause ?? "")")
        #expect(problem?.cause.contains(cause) == true || cause.isEmpty, "\(problem?.cause ?? "")")
    }

    @Test("Output, nesting and size are bounded") func bounds() {
        let row = String(repeating: "x", count: 1000)
        #expect(problem("{% for i in 1...1000 %}\(row){% endfor %}")?.cause.contains("bytes") == true)
        let nested = String(repeating: "{% if app %}", count: 5000)
        #expect(problem(nested)?.code == "template.invalid")
        #expect(problem(String(repeating: "{% for i in 1...9 %}", count: 17))?.cause.contains("nested") == true)
        #expect(problem("{{ " + String(repeating: "a.", count: 600) + "a }}")?.cause.contains("bytes") == true)
        #expect(
            problem(String(repeating: "x", count: TemplateRenderer.templateBytesMax + 1))?.cause.contains("bytes")
                == true)
        #expect(problem(String(repeating: "{", count: 100_000))?.code == "template.invalid")
    }

    @Test("Random tags never end the process", arguments: 1...4) func fuzz(seed: UInt64) {
        let words = [
            "{{", "}}", "{%", "%}", "if", "for", "in", "endif", "endfor", "else", "elif", "app", "hosts", "x", ".", "|",
            ":",
            ",", "\"a\"", "'b'", "''", "1", "...", "(", ")", "and", "or", "not", "==", "<", "default", "join", "split",
            "json", " ", "-", "first", "count", "0", "empty", "break", "where", "true", "environment",
        ]
        var state = seed
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
        for _ in 0..<1500 {
            var template = ""
            for _ in 0..<(1 + next(5)) {
                let isValue = next(2) == 0
                template += isValue ? "{{ " : "{% "
                if !isValue { template += ["if ", "for x in ", "for x in hosts where ", "elif "][next(4)] }
                for _ in 0..<(1 + next(6)) { template += words[4 + next(words.count - 4)] + (next(2) == 0 ? " " : "") }
                template += isValue ? " }}" : " %}{% endif %}"
            }
            _ = try? render(template)
        }
    }
}
