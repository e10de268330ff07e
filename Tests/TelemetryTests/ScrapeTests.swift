import Testing

@testable import Telemetry

/// A sink that takes everything, for tests of what ingest makes of its input.
func lines(_ points: NamedPoints) -> [String] {
    var lines: [String] = []
    points.forEach { name, time, value in
        var bytes: [UInt8] = []
        for index in 0..<name.count { bytes.append(name[index]) }
        lines.append("\(String(decoding: bytes, as: UTF8.self)) \(ExpositionWriter.number(value)) \(time)")
    }
    return lines
}

@Suite("Scraping Prometheus' and OpenMetrics' text")
struct ScrapeTests {
    private func scrape(_ text: String, _ dialect: ExpositionDialect, _ tags: [(String, String)] = []) throws -> Scrape
    {
        try Scrape(Array(text.utf8), dialect: dialect, tags: tags.map { (key: $0.0, value: $0.1) }, time: 1000)
    }

    @Test("0.0.4: comments, blanks, escapes, times and odd values are read as Prometheus reads them")
    func old() throws {
        let text = """
            # HELP http_requests_total Requests.
            # TYPE http_requests_total counter
            http_requests_total{method="post",code="200"} 1027 1395066363500
              http_requests_total { code = "400" , method="post", }\t3
            # just words

            msdos{path="C:\\\\DIR\\\\FILE.TXT",error="no \\"file\\":\\n\\x"} 1.458255915e9\r
            odd{problem="division by zero"} +Inf -3982045
            rpc_duration_seconds{quantile="0.5"} 4773
            hex 0x10
            nothing NaN
            :colon:_1 -.5e-3
            """
        let scrape = try scrape(text, .prometheus, [("job", "shop"), ("method", "pull")])
        #expect(
            lines(scrape.points) == [
                "http_requests_total;code=200;exported_method=post;job=shop;method=pull 1027 1395066363",
                "http_requests_total;code=400;exported_method=post;job=shop;method=pull 3 1000",
                #"msdos;error=no_"file":_\x;job=shop;method=pull;path=C:\DIR\FILE.TXT 1458255915 1000"#,
                "rpc_duration_seconds;job=shop;method=pull;quantile=0.5 4773 1000",
                "hex;job=shop;method=pull 16 1000",
                ":colon:_1;job=shop;method=pull -0.0005 1000",
            ])
        #expect(scrape.sampleCount == 8 && scrape.points.unfit == 2 && scrape.breach == nil)
    }

    @Test(
        "what is no text of metrics is refused",
        arguments: [
            "a", "a{", "a{b", "a{b=", "a{b=\"", "a{b=\"c", "a{b=\"c\"", "a{b=\"c\"}", "a{b=\"c\"} x", "a 1 2 3",
            "a 1 1z", "1a 1", "a{b=\"c\" d=\"e\"} 1", "a{b=\"c\",b=\"d\"} 1", "a{1=\"2\"} 1", "a{b=c} 1", "a 1_0", "=",
            "{}",
            "a{\"b\"} 1", "<html>", "a{b=\"\u{0}\"} \u{0}",
        ])
    func refused(text: String) {
        for dialect in ExpositionDialect.allCases {
            #expect(throws: TelemetryProblem.self) { try scrape(text + "\n# EOF\n", dialect) }
        }
    }

    @Test(
        "OpenMetrics' grammar is held to",
        arguments: [
            "", "m 1\n", "m 1\n# EOF\nm 2\n", "m 1\n\n# EOF\n", "# words\n# EOF\n", "# TYPE m\n# EOF\n",
            "# TYPE m thing\n# EOF\n",
            "# TYPE m untyped\n# EOF\n", "# TYPE  m gauge\n# EOF\n", "# TYPE m gauge \n# EOF\n", "# HELP m\n# EOF\n",
            "# UNIT m s x\n# EOF\n", " m 1\n# EOF\n", "m  1\n# EOF\n", "m 1 \n# EOF\n", "m 1\r\n# EOF\n",
            "m{} 0x1\n# EOF\n",
            "m{a=\"b\",} 1\n# EOF\n", "m 1 NaN\n# EOF\n", "m 1 Inf\n# EOF\n", "m 1 #\n# EOF\n", "m 1# {} 1\n# EOF\n",
            "m 1 # {}1\n# EOF\n", "m 1 # {} 1 \n# EOF\n", "m 1 # {} 1 x\n# EOF\n", "m 1 # {a=\"b\"}  1\n# EOF\n",
            "m 1\n# EOF \n",
        ])
    func grammar(text: String) {
        #expect(throws: TelemetryProblem.self) { try scrape(text, .openMetrics) }
    }

    @Test(
        "what breaks a rule of OpenMetrics is taken, and said",
        arguments: [
            ("# TYPE m counter\nm 1", "comes twice"), ("# TYPE m counter\nm_total -1", "counts"),
            ("# TYPE m counter\n# TYPE m counter", "described twice"), ("# HELP m x\n# HELP m x", "described twice"),
            ("# TYPE m gauge\nm 1\n# HELP m x", "after its samples"), ("# TYPE m gauge\n# UNIT m seconds", "its unit"),
            ("# TYPE m_u info\n# UNIT m_u u", "no unit"),
            ("# TYPE m_count gauge\n# TYPE m histogram", "another family"),
            ("m 1\nn 1\nm 2", "comes twice"), ("m{a=\"1\"} 1\nm{a=\"2\"} 1\nm{a=\"1\"} 2", "not together"),
            ("m 1\nm 1", "comes twice"), ("m 1 5\nm 1 4", "go back"), ("m 1 5\nm 2", "have a time"),
            ("# TYPE m info\nm_info 2", "not 1"), ("# TYPE m stateset\nm{m=\"a\"} 2", "neither 0 nor 1"),
            ("# TYPE m stateset\nm 1", "no label `m`"), ("# TYPE m summary\nm 1", "no label `quantile`"),
            ("# TYPE m summary\nm{quantile=\"1.5\"} 1", "from 0 to 1"),
            ("# TYPE m summary\nm{quantile=\"0.5\"} -1", "is negative"), ("# TYPE m summary\nm_sum NaN", "counts"),
            ("# TYPE m histogram\nm_bucket 1", "no label `le`"),
            ("# TYPE m histogram\nm_bucket{le=\"1\"} 1", "no bucket `+Inf`"),
            ("# TYPE m histogram\nm_bucket{le=\"x\"} 1", "`le` is"),
            ("# TYPE m histogram\nm_bucket{le=\"2\"} 1\nm_bucket{le=\"1\"} 1", "do not grow"),
            ("# TYPE m histogram\nm_bucket{le=\"2\"} 5\nm_bucket{le=\"+Inf\"} 4", "less than"),
            ("# TYPE m histogram\nm_bucket{le=\"+Inf\"} 4\nm_count 5\nm_sum 1", "last bucket"),
            ("# TYPE m histogram\nm_bucket{le=\"+Inf\"} 4\nm_count 4", "only one of"),
            ("# TYPE m histogram\nm_bucket{le=\"-1\"} 1\nm_bucket{le=\"+Inf\"} 4\nm_count 4\nm_sum 9", "below zero"),
            ("# TYPE m histogram\nm_bucket{le=\"+Inf\"} 4\nm_count 4\nm_sum -9", "is negative"),
            ("# TYPE m gauge\nm 1 # {a=\"b\"} 1", "no exemplar"),
            ("# TYPE m counter\nm_total 1 # {a=\"\(String(repeating: "é", count: 128))\"} 1", "128"),
        ])
    func rules(text: String, words: String) throws {
        let scrape = try scrape(text + "\n# EOF\n", .openMetrics)
        #expect(scrape.breach?.contains(words) == true, "\(scrape.breach ?? "no breach")")
    }

    @Test("what keeps the rules is no breach, and exemplars are passed over")
    func kept() throws {
        let text = """
            # TYPE a_seconds counter
            # UNIT a_seconds seconds
            # HELP a_seconds Time "spent"\\n.
            a_seconds_total{x="# {"} 17.5 123.9 # {trace="é"} 0.5 122
            a_seconds_created{x="# {"} 1 123.9
            # TYPE h histogram
            h_bucket{le="0.1"} 1 # {} 0.05
            h_bucket{le="+Inf"} 3
            h_count 3
            h_sum 2
            # TYPE g gaugehistogram
            g_bucket{le="-1"} 1
            g_bucket{le="+Inf"} 2
            g_gcount 2
            g_gsum -5
            # TYPE s stateset
            s{s="on"} 1
            s{s="off"} 0
            # TYPE i info
            i_info{version="1.2"} 1
            # TYPE q summary
            q{quantile="0.9"} NaN
            q_count 0
            # TYPE u unknown
            u{a="1"} 1
            u{a="2"} +Inf
            # EOF
            """
        let scrape = try scrape(text, .openMetrics)
        #expect(scrape.breach == nil, "\(scrape.breach ?? "")")
        #expect(
            lines(scrape.points).prefix(3) == [
                "a_seconds_total;x=#_{ 17.5 123", "a_seconds_created;x=#_{ 1 123", "h_bucket;le=0.1 1 1000",
            ])
        #expect(scrape.sampleCount == 17 && scrape.points.unfit == 2)
    }

    @Test("labels that Graphite's form cannot have are made into ones that it can")
    func names() throws {
        let text = #"m{name="x",empty="",a="~;b c",z="日本"} 1"#
        #expect(lines(try scrape(text, .prometheus).points) == ["m;a=__b_c;name_=x;z=日本 1 1000"])
        let long =
            "m{" + (0..<40).map { "l\($0)=\"v\"" }.joined(separator: ",")
            + "} 1\nn{a=\"\(String(repeating: "x", count: 2000))\"} 1"
        let scrape = try scrape(long, .prometheus)
        #expect(scrape.points.count == 0 && scrape.points.unfit == 2)
        let broken = try Scrape(
            [0x61, 0x7B, 0x62, 0x3D, 0x22, 0xFF, 0x22, 0x7D, 0x20, 0x31], dialect: .prometheus, tags: [], time: 1)
        #expect(broken.points.unfit == 1)
    }

    @Test("a target that cannot be read is known by `up`")
    func health() {
        let points = Scrape.health(of: nil, seconds: 0.25, tags: [(key: "job", value: "shop")], time: 7)
        #expect(lines(points).prefix(2) == ["up;job=shop 0 7", "scrape_duration_seconds;job=shop 0.25 7"])
    }

    @Test("what Apus writes, it reads", arguments: ExpositionDialect.allCases)
    func written(dialect: ExpositionDialect) throws {
        var writer = ExpositionWriter(dialect)
        writer.family("apus_points", .counter, help: "Points \"taken\"\n\\ in.")
        writer.sample("", [("source", "a\"b\\c\nd")], 12)
        writer.family("apus_series", .gauge, help: "Series.")
        writer.sample("", [], -0.5)
        writer.family("apus_render_seconds", .histogram, help: "Time.")
        writer.sample("_bucket", [("le", "0.1")], 1)
        writer.sample("_bucket", [("le", "+Inf")], 2)
        writer.sample("_sum", [], 1e21)
        writer.sample("_count", [], 2)
        let scrape = try scrape(writer.finish(), dialect)
        #expect(scrape.breach == nil)
        #expect(
            lines(scrape.points).map { $0.split(separator: " ").dropLast().joined(separator: " ") } == [
                #"apus_points_total;source=a"b\c_d 12"#, "apus_series -0.5", "apus_render_seconds_bucket;le=0.1 1",
                "apus_render_seconds_bucket;le=+Inf 2", "apus_render_seconds_sum 1e+21", "apus_render_seconds_count 2",
            ])
    }

    @Test("numbers are read exactly")
    func numbers() {
        for text in [
            "0", "-0", "1", "0.1", "123456789012345678", "9223372036854775808", "1e22", "1e23",
            "1.7976931348623157e308", "5e-324",
            "0000000000000000000000000000001.2e-1", "2.2250738585072011e-308", ".5", "5.", "9007199254740993",
        ] {
            #expect(
                NumberText.finite(Array(text.utf8)[...]) == Double(text.hasSuffix(".") ? text + "0" : text),
                "\(text)")
        }
        for text in ["", "-", ".", "e5", "1e", "1e+", "0x1", "1_0", "nan", "1 ", "--1", "1.2.3"] {
            #expect(NumberText.finite(Array(text.utf8)[...]) == nil, "\(text)")
        }
        #expect(NumberText.integer(Array("-9223372036854775808".utf8)[...]) == .min)
        #expect(NumberText.integer(Array("9223372036854775808".utf8)[...]) == nil)
    }
}
