import ControlPlane
import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry
import Wire

/// Graphite's HTTP API, as Grafana and people's scripts speak it.
struct GraphiteEndpoints {
    /// What one batch of Prometheus or OpenTelemetry may hold, compressed.
    private static let batchBytesMax = 16 << 20
    /// And unpacked.
    private static let unpackedBytesMax = 64 << 20
    /// Series that an index lists.
    private static let indexMax = 100_000

    let metrics: any MetricsOperations
    let now: @Sendable () -> Instant

    private var seconds: Int64 { now().milliseconds / 1000 }

    func register(on board: inout Switchboard) {
        registerQueries(on: &board)
        registerTags(on: &board)
        registerEvents(on: &board)
        registerWriting(on: &board)
    }

    private func registerQueries(on board: inout Switchboard) {
        let context = self
        for route in [GraphiteRoutes.render, GraphiteRoutes.renderForm] {
            board.on(route) { try await context.render($0) }
        }
        for route in [GraphiteRoutes.find, GraphiteRoutes.findForm] {
            board.on(route) { call in
                let fields = try await call.graphiteFields()
                let request = try told { () throws(TelemetryProblem) in
                    try FindRequest(fields, now: context.seconds)
                }
                let notices = QueryNotices()
                let nodes = try await told { () async throws(TelemetryProblem) in
                    try await context.metrics.series(noting: notices).find(
                        request.pattern, from: request.from, until: request.until)
                }
                return .bytes(request.encode(nodes), type: "application/json").noting(notices)
            }
        }
        for route in [GraphiteRoutes.expand, GraphiteRoutes.expandForm] {
            board.on(route) { call in
                let fields = try await call.graphiteFields()
                var results: [(query: String, paths: [String])] = []
                let notices = QueryNotices()
                let source = context.metrics.series(noting: notices)
                for query in fields.all("query") {
                    results.append((query, try await context.paths(query, fields, from: source)))
                }
                let isByQuery = fields.flag("groupByExpr")
                return .bytes(GraphLists.expanded(results, byQuery: isByQuery), type: "application/json")
                    .noting(notices)
            }
        }
        board.on(GraphiteRoutes.index) { _ in
            let names = try await told { () async throws(TelemetryProblem) in
                try await context.metrics.series.names(where: [TagCondition(key: "name", .matches, "..*")])
            }
            let paths = names.lazy.map(\.text).filter { !$0.contains(";") }.prefix(Self.indexMax)
            return .bytes(GraphLists.encode(Array(paths)), type: "application/json")
        }
        board.on(GraphiteRoutes.functions) { call in
            .bytes(FunctionList.encode(try await call.graphiteFields()), type: "application/json")
        }
        board.on(GraphiteRoutes.function) { call in
            let name = call.path["function"] ?? ""
            guard let answer = FunctionList.encode(name) else {
                throw Problem(
                    "function.unknown", "There is no such function.", cause: "\(quotedForMessage(name)) is not one.",
                    remedy: "/functions lists them.")
            }
            return .bytes(answer, type: "application/json")
        }
        board.on(GraphiteRoutes.graphiteVersion) { _ in
            .bytes(GraphLists.encode([GraphLists.version]).dropFirst().dropLast().map { $0 }, type: "application/json")
        }
    }

    private func paths(
        _ query: String, _ fields: Telemetry.FormFields, from source: any SeriesSource
    ) async throws(Problem) -> [String] {
        let nodes = try await told { () async throws(TelemetryProblem) in
            try await source.find(query, from: 0, until: seconds)
        }
        return nodes.filter { !fields.flag("leavesOnly") || $0.isLeaf }.map(\.path)
    }

    private func render(_ call: Call) async throws(Problem) -> Response {
        let fields = try await call.graphiteFields()
        let seconds = seconds
        let request = try told { () throws(TelemetryProblem) in try RenderRequest(fields, now: seconds) }
        let events = try await metrics.events(from: request.from, until: request.until)
        let notices = QueryNotices()
        let source = metrics.series(noting: notices)
        let series = try await told { () async throws(TelemetryProblem) in
            try await GraphEvaluator(source: source).evaluate(request, events: events)
        }
        if let output = RenderOutput.encode(series, request) {
            return .bytes(output.bytes, type: output.contentType).noting(notices)
        }
        let picture = GraphPicture.svg(series, request, title: fields["title"] ?? "")
        guard request.format == .png else { return .text(picture.text, type: "image/svg+xml").noting(notices) }
        return .bytes(try await metrics.png(picture.text, width: request.width), type: "image/png").noting(notices)
    }

    private func registerTags(on board: inout Switchboard) {
        let source = metrics.series
        func tags(
            _ routes: [Route],
            _ answer: @escaping @Sendable (TagRequest) async throws(TelemetryProblem) -> [String]
        ) {
            for route in routes {
                board.on(route) { call in
                    let fields = try await call.graphiteFields()
                    let texts = try await told { () async throws(TelemetryProblem) in
                        try await answer(try TagRequest(fields))
                    }
                    return .bytes(GraphLists.encode(texts), type: "application/json")
                }
            }
        }
        tags([GraphiteRoutes.completeTags, GraphiteRoutes.completeTagsForm]) {
            request async throws(TelemetryProblem) in try await request.keys(from: source)
        }
        tags([GraphiteRoutes.completeValues, GraphiteRoutes.completeValuesForm]) {
            request async throws(TelemetryProblem) in try await request.values(from: source)
        }
        tags([GraphiteRoutes.findByTags, GraphiteRoutes.findByTagsForm]) {
            request async throws(TelemetryProblem) in try await request.series(from: source)
        }
        board.on(GraphiteRoutes.tags) { _ in
            let keys = try await told { () async throws(TelemetryProblem) in
                try await source.tagKeys(prefix: "", where: [], limit: 10_000)
            }
            return try .json(keys.map { ["tag": $0] })
        }
        board.on(GraphiteRoutes.tag) { call in
            let tag = call.path["tag"] ?? ""
            let values = try await told { () async throws(TelemetryProblem) in
                try await source.tagValues(of: tag, prefix: "", where: [], limit: 10_000)
            }
            return try .json(TagAnswer(tag: tag, values: values.map { TagAnswer.Value(value: $0) }))
        }
    }

    private struct TagAnswer: Encodable {
        struct Value: Encodable { var value: String }
        var tag: String
        var values: [Value]
    }

    private struct NewEvent: Decodable {
        var what: String
        var tags: [String]?
        var data: String?
        /// Seconds since 1970.
        var when: Int64?

        private enum CodingKeys: CodingKey { case what, tags, data, when }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            what = try container.decode(String.self, forKey: .what)
            data = try container.decodeIfPresent(String.self, forKey: .data)
            when = try container.decodeIfPresent(Int64.self, forKey: .when)
            // Graphite takes a list, and words in one text.
            do {
                tags = try container.decodeIfPresent([String].self, forKey: .tags)
            } catch {
                tags = try container.decode(String.self, forKey: .tags).split(separator: " ").map { String($0) }
            }
        }
    }

    private func registerEvents(on board: inout Switchboard) {
        let context = self
        board.on(GraphiteRoutes.events) { call in
            let fields = try await call.graphiteFields()
            let seconds = context.seconds
            let all = try await context.metrics.events(from: 0, until: seconds)
            let events = try told { () throws(TelemetryProblem) in
                try GraphLists.events(all, fields, now: seconds)
            }
            return .bytes(GraphLists.encode(events), type: "application/json")
        }
        board.on(GraphiteRoutes.postEvent) { call in
            let event: NewEvent
            do {
                event = try JSONDecoder().decode(NewEvent.self, from: Data(try await call.bytes()))
            } catch let problem as Problem {
                throw problem
            } catch {
                throw Problem(
                    "event.invalid", "The event was not kept.", cause: "It is not what Graphite's events are.",
                    remedy: #"Send {"what":"deploy","tags":["shop"],"data":"r12","when":1700000000}."#)
            }
            guard (1...1000).contains(event.what.utf8.count), (event.data ?? "").utf8.count <= 10_000,
                (event.tags ?? []).count <= 50, (0...1 << 40).contains(event.when ?? 0)
            else {
                throw Problem(
                    "event.invalid", "The event was not kept.", cause: "It has too much in it, or nothing to say.",
                    remedy: "Send at most 1,000 bytes of `what`, 10,000 of `data` and 50 tags.")
            }
            let posted = GraphEvent(
                id: 0, time: event.when ?? context.seconds, what: event.what, tags: event.tags ?? [],
                data: event.data ?? "")
            try await context.metrics.post(posted, by: try call.caller())
            return .bytes(Array("{}".utf8), type: "application/json")
        }
    }

    private func registerWriting(on board: inout Switchboard) {
        let metrics = metrics
        board.on(GraphiteRoutes.remoteWrite) { call in
            let body = try await call.bytes(max: Self.batchBytesMax)
            let batch = try told { () throws(TelemetryProblem) in try RemoteWrite(body) }
            _ = try await metrics.take(batch.points, from: SourceName("remote-write"))
            return Response(status: .noContent)
        }
        board.on(GraphiteRoutes.openTelemetry) { call in
            let body = try await call.bytes(max: Self.batchBytesMax, unpackedMax: Self.unpackedBytesMax)
            let type = call.request.headers[.contentType]?.lowercased() ?? ""
            let isProtobuf = type.hasPrefix("application/x-protobuf")
            let taken = try await metrics.takeOpenTelemetry(body, as: isProtobuf ? .protobuf : .json)
            if isProtobuf {
                return .bytes(OTLPAnswer.protobuf(rejected: taken.refused), type: "application/x-protobuf")
            }
            let rejected = taken.refused > 0 ? #"{"partialSuccess":{"rejectedDataPoints":"\#(taken.refused)"}}"# : "{}"
            return .bytes(Array(rejected.utf8), type: "application/json")
        }
    }
}

/// What an OTLP sender is told. Source: opentelemetry/proto/collector/metrics/v1/metrics_service.proto.
private enum OTLPAnswer {
    /// An `ExportMetricsServiceResponse`: empty, or with a `partial_success`.
    static func protobuf(rejected: Int) -> [UInt8] {
        guard rejected > 0 else { return [] }
        var number: [UInt8] = [0x08]
        number.append(varint: rejected)
        return [0x0A, UInt8(number.count)] + number
    }
}

extension Call {
    /// The fields of the query and of a form in the body: a name may come more than once.
    fileprivate func graphiteFields() async throws(Problem) -> Telemetry.FormFields {
        var fields = Telemetry.FormFields(encoded: (request.uri.query ?? "").utf8)
        if request.method == .post { fields.pairs += Telemetry.FormFields(encoded: try await bytes()).pairs }
        return fields
    }
}

extension Response {
    private static let notice = HTTPField.Name("apus-notice")

    /// With a header for each part that the answer lacks.
    func noting(_ notices: QueryNotices) -> Response {
        guard let name = Self.notice else { return self }
        var response = self
        for text in notices.all.prefix(20) {
            // A header takes no other characters.
            let plain = String(
                text.unicodeScalars.prefix(500).map {
                    $0.isASCII && $0.value >= 32 && $0.value < 127 ? Character($0) : "?"
                })
            response.headers.append(HTTPField(name: name, value: plain))
        }
        return response
    }

    static func bytes(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
