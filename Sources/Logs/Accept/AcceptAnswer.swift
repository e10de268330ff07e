/// What a sender of lines is answered.
package struct AcceptAnswer: Sendable {
    package var status: Int
    package var body: [UInt8]
    package var contentType: String
    /// Fields of the answer's head, besides the type.
    package var fields: [String: String]
    /// Lines that were taken.
    package var accepted: Int
    /// Lines that were not, with the first reasons.
    package var refused: Int
    package var reasons: [String]

    package init(
        status: Int, body: [UInt8], contentType: String = "application/json", fields: [String: String] = [:],
        accepted: Int = 0, refused: Int = 0, reasons: [String] = []
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.fields = fields
        self.accepted = accepted
        self.refused = refused
        self.reasons = reasons
    }

    package init(status: Int, json: String, fields: [String: String] = [:]) {
        self.init(status: status, body: Array(json.utf8), fields: fields)
    }
}
