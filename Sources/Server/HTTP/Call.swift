import ControlPlane
import Core
import FoundationEssentials
import Hummingbird
import NIOCore
import Telemetry
import Wire

/// A request that has been let in: its route, who calls, and its values taken apart.
struct Call: Sendable {
    static let bodyBytesMax = 1 << 20

    let route: Route
    let request: Request
    /// Values of the path, decoded.
    let path: [String: String]
    let query: FormFields
    /// nil on open routes.
    let principal: Principal?
    /// nil unless a browser that has logged in calls.
    let session: DashboardSession?

    /// Who calls, on a route that asks for a role.
    /// - Throws: `token.missing` on an open route.
    func caller() throws(Problem) -> Principal {
        guard let principal else { throw Refusal.missing }
        return principal
    }

    func app() throws(Problem) -> AppName { try AppName(path["app"] ?? "") }
    func host() throws(Problem) -> HostName { try HostName(path["host"] ?? "") }
    func instance() throws(Problem) -> InstanceID { try InstanceID(path["instance"] ?? "") }
    func execution() throws(Problem) -> ExecutionID { try ExecutionID(path["execution"] ?? "") }
    func plan() throws(Problem) -> PlanID { try PlanID(path["plan"] ?? "") }
    func build() throws(Problem) -> BuildID { try BuildID(path["build"] ?? "") }
    func filter() throws(Problem) -> Filter {
        try query.filled("filter").map { text throws(Problem) in try Filter(text) } ?? .all
    }

    /// - Throws: `query.invalid` for what isn't a whole number of the range.
    func integer<Value: FixedWidthInteger>(_ name: String, in range: ClosedRange<Value>) throws(Problem) -> Value? {
        guard let text = query.filled(name) else { return nil }
        guard let value = Value(text), range.contains(value) else {
            throw Problem(
                "query.invalid", "`\(name)` is not usable.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "Give a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// - Throws: `query.invalid` for anything but `true`, `false`, `1` or `0`.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch query.filled(name) {
        case nil, "false", "0": return false
        case "true", "1": return true
        case .some(let text):
            throw Problem(
                "query.invalid", "`\(name)` is not usable.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "Give true or false.")
        }
    }

    /// The JSON of the body. An empty body is an empty object.
    /// - Throws: `body.too-large`, `body.media-type`, `body.invalid`.
    func input<Input: Decodable>(_ type: Input.Type = Input.self) async throws(Problem) -> Input {
        var buffer = try await body()
        if buffer.readableBytes == 0 {
            buffer = ByteBuffer(string: "{}")
        } else if let media = request.headers[.contentType], !media.lowercased().hasPrefix("application/json") {
            throw Problem(
                "body.media-type", "The request's body cannot be read.",
                cause: "Its media type is \(quotedForMessage(media)).", remedy: "Send application/json.")
        }
        return try StrictJSON.decode(Input.self, from: Array(buffer.readableBytesView))
    }

    /// The form of the body.
    func form() async throws(Problem) -> FormFields {
        let buffer = try await body()
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw Problem("form.invalid", "The form cannot be read.", cause: "It is not UTF-8.", remedy: "Send UTF-8.")
        }
        return try FormFields(text)
    }

    /// The body as it came.
    /// - Throws: `body.too-large`.
    func bytes(max: Int = bodyBytesMax) async throws(Problem) -> [UInt8] {
        Array(try await body(max: max).readableBytesView)
    }

    /// The body, unpacked if it came packed.
    /// - Throws: `body.too-large`, `body.media-type`, `gzip.invalid`, `gzip.too-large`.
    func unpackedBytes(max: Int, unpackedMax: Int) async throws(Problem) -> [UInt8] {
        let bytes = try await bytes(max: max)
        switch request.headers[.contentEncoding]?.lowercased() {
        case nil, "", "identity": return bytes
        case "gzip", "x-gzip", "deflate":
            return try told { () throws(TelemetryProblem) in try Gzip.unpacked(bytes, bytesMax: unpackedMax) }
        case .some(let encoding):
            throw Problem(
                "body.media-type", "The request's body cannot be read.",
                cause: "It is packed as \(quotedForMessage(encoding)).", remedy: "Send it plain, or as gzip.")
        }
    }

    /// The number of the last event that a reader of a stream has.
    var lastEventID: Int64? { request.headers[.lastEventID].flatMap { Int64($0) } }

    private func body(max: Int = bodyBytesMax) async throws(Problem) -> ByteBuffer {
        var request = request
        do {
            return try await request.collectBody(upTo: max)
        } catch is NIOTooManyBytesError {
            throw Problem(
                "body.too-large", "The request's body is too large.",
                cause: "It has more than \(max) bytes.", remedy: "Send less.")
        } catch {
            throw Problem(
                "body.invalid", "The request's body did not arrive.", cause: "\(error).", remedy: "Send it again.")
        }
    }
}
