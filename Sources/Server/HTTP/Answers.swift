import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// The kinds of responses that handlers give.
extension Response {
    /// - Parameter isSorted: whether keys are in one order, which costs a long list a third of its time.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, isSorted: Bool = true
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = isSorted ? [.sortedKeys, .withoutEscapingSlashes] : [.withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok)
        -> Response
    {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func problem(_ problem: Problem) -> Response {
        var response = (try? json(problem, status: problem.status)) ?? Response(status: .internalServerError)
        if problem.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    static func redirect(to path: String) -> Response {
        Response(status: .seeOther, headers: [.location: path])
    }
}
