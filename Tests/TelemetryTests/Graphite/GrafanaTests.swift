import Testing

@testable import Telemetry

/// What Grafana's data source and Graphite's own pages send. Source of the requests: grafana/grafana,
/// public/app/plugins/datasource/graphite/datasource.ts.
@Suite("Requests of Grafana")
struct GrafanaTests {
    static let source = MemorySeriesSource([
        SeriesWindow(name: "web.a.load", start: 60, step: 60, values: [1, 2, 3, 4, 5, 6]),
        SeriesWindow(name: "web.b.load", start: 60, step: 60, values: [2, .nan, .nan, .infinity, 0.1, 1e21]),
        SeriesWindow(name: "disk;dc=ams;host=w1", start: 60, step: 60, values: [7]),
        SeriesWindow(name: "disk;dc=fra;host=w2", start: 60, step: 60, values: [8]),
    ])

    static func render(_ query: String) async throws -> String {
        let request = try RenderRequest(FormFields(encoded: query.utf8), now: 360)
        let series = try await GraphEvaluator(source: source).evaluate(request)
        let output = try #require(RenderOutput.encode(series, request))
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test("its test of the source")
    func connection() async throws {
        #expect(
            try await Self.render("target=constantLine(100)&from=0&until=120&format=json")
                == #"[{"target":"100.0","tags":{"name":"100.0"},"datapoints":[[100.0,0],[100.0,60],[100.0,120]]}]"#)
    }

    @Test("every target wrapped in aliasSub, as a form")
    func wrapped() async throws {
        let form =
            "target=aliasSub(web.*.load%2C%22%28%5E.*%24%29%22%2C%22%5C1%20A%22)"
            + "&target=aliasSub(sumSeries(web.*.load)%2C+%22(%5E.*%24)%22%2C+%22%5C1+B%22)"
            + "&from=-5min&until=now&format=json&maxDataPoints=1000"
        let json = try await Self.render(form)
        #expect(json.contains(#""target":"web.a.load A","tags":{"name":"web.a.load"}"#))
        #expect(json.contains(#""target":"web.b.load A""#))
        #expect(json.contains("[null,180],[1e9999,240],[0.1,300],[1e+21,360]]"))
        #expect(
            json.contains(
                #""target":"sumSeries(web.*.load) B","tags":{"name":"sumSeries(web.*.load)","aggregatedBy":"sum"}"#))
    }

    @Test("points are made few, and empty ones left out")
    func fewer() async throws {
        let few = try await Self.render("target=web.a.load&from=0&until=360&format=json&maxDataPoints=3")
        #expect(
            few
                == #"[{"target":"web.a.load","tags":{"name":"web.a.load"},"datapoints":[[1.5,120],[3.5,240],[5.5,360]]}]"#
        )
        let there = try await Self.render("target=web.b.load&from=0&until=240&format=json&noNullPoints=true&jsonp=f")
        #expect(
            there == #"f([{"target":"web.b.load","tags":{"name":"web.b.load"},"datapoints":[[2.0,60],[1e9999,240]]}])"#)
    }

    @Test("other formats")
    func formats() async throws {
        let csv = try await Self.render("target=alias(web.b.load,'a,\"b')&from=0&until=120&format=csv&tz=Europe/Berlin")
        #expect(csv == "\"a,\"\"b\",1970-01-01 01:01:00,2.0\r\n\"a,\"\"b\",1970-01-01 01:02:00,\r\n")
        #expect(
            try await Self.render("target=web.b.load&from=0&until=300&rawData=1")
                == "web.b.load,60,360,60|2.0,None,None,inf,0.1\n")
    }

    @Test("nodes to choose from")
    func find() async throws {
        func found(_ query: String) async throws -> String {
            let request = try FindRequest(FormFields(encoded: query.utf8), now: 360)
            let nodes = try await Self.source.find(request.pattern, from: request.from, until: request.until)
            return String(decoding: request.encode(nodes), as: UTF8.self)
        }
        #expect(
            try await found("query=*")
                == #"[{"text":"web","id":"web","allowChildren":1,"expandable":1,"leaf":0}]"#)
        #expect(
            try await found("query=web.a.*")
                == #"[{"text":"load","id":"web.a.load","allowChildren":0,"expandable":0,"leaf":1}]"#)
        #expect(
            try await found("query=web.&format=completer")
                == #"{"metrics":[{"path":"web.a.","name":"a","is_leaf":"0"},{"path":"web.b.","name":"b","is_leaf":"0"}]}"#
        )
    }

    @Test("tags to choose from")
    func tags() async throws {
        func fields(_ query: String) throws -> TagRequest { try TagRequest(FormFields(encoded: query.utf8)) }
        #expect(try await fields("tagPrefix=&limit=10").keys(from: Self.source) == ["dc", "host", "name"])
        #expect(try await fields("expr=dc%3Dams&expr=name%3Ddisk").keys(from: Self.source) == ["host"])
        #expect(try await fields("tag=dc&valuePrefix=a").values(from: Self.source) == ["ams"])
        #expect(try await fields("expr[]=dc%3D~f&tag=host").values(from: Self.source) == ["w2"])
        #expect(
            try await fields("expr=name%3Ddisk").series(from: Self.source) == [
                "disk;dc=ams;host=w1", "disk;dc=fra;host=w2",
            ])
        await #expect(throws: TelemetryProblem.self) { try await fields("").values(from: Self.source) }
        #expect(throws: TelemetryProblem.self) { try fields("expr=nonsense") }
    }

    @Test("events, as a series and as a list")
    func events() async throws {
        let events = [
            GraphEvent(id: 1, time: 65, what: "deploy", tags: ["shop", "deploy"]),
            GraphEvent(id: 2, time: 300, what: "host lost", tags: ["host"]),
        ]
        let request = try RenderRequest(
            FormFields([("target", "events('deploy')|consolidateBy('sum')"), ("from", "60"), ("until", "70")]), now: 360
        )
        let series = try await GraphEvaluator(source: Self.source).evaluate(request, events: events)
        #expect(series.first?.values.filter { !$0.isNaN } == [1])
        #expect(series.first?.values[5] == 1)
        let listed = try GraphLists.events(events, FormFields([("tags", "shop deploy")]), now: 360)
        #expect(
            String(decoding: GraphLists.encode(listed), as: UTF8.self)
                == #"[{"when":65,"what":"deploy","data":"","tags":["shop","deploy"],"id":1}]"#)
    }

    @Test("functions to choose from")
    func functions() throws {
        let one = String(decoding: try #require(FunctionList.encode("scale")), as: UTF8.self)
        #expect(one.contains(#""function":"scale(seriesList, factor)""#))
        #expect(one.contains(#"{"name":"factor","type":"float","required":true}"#))
        let grouped = String(decoding: FunctionList.encode(FormFields([("grouped", "true")])), as: UTF8.self)
        #expect(grouped.hasPrefix(#"{"Combine":{"aggregate":{"name":"aggregate""#))
        #expect(FunctionList.encode("nope") == nil)
    }

    @Test("Grafana's rounded times")
    func rounded() throws {
        let zone = try TimeZoneRules.named("Europe/Berlin")
        let now: Int64 = 1_600_000_200  // 2020-09-13 14:30:00 in Berlin, a Sunday
        func time(_ text: String, up: Bool = false) throws -> CivilTime {
            zone.local(try TimeExpression.time(text, now: now, zone: zone, roundsUp: up))
        }
        #expect(try time("now/d") == CivilTime(year: 2020, month: 9, day: 13))
        #expect(
            try time("now-1d/d", up: true) == CivilTime(year: 2020, month: 9, day: 12, hour: 23, minute: 59, second: 59)
        )
        #expect(try time("now/w") == CivilTime(year: 2020, month: 9, day: 7))
        #expect(try time("now/M") == CivilTime(year: 2020, month: 9, day: 1))
        #expect(try time("now/m") == CivilTime(year: 2020, month: 9, day: 13, hour: 14, minute: 30))
        #expect(
            try time("now-1y/y", up: true)
                == CivilTime(year: 2019, month: 12, day: 31, hour: 23, minute: 59, second: 59))
    }
}
