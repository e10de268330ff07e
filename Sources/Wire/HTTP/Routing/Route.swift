package import HTTPTypes

/// One operation of the API: what it is called by, who may call it, what goes in and comes out.
///
/// Server, client, OpenAPI document and the authorization matrix are all made from these values.
/// The server can only register a handler for a `Route`, so nothing is reachable that does not
/// say who may reach it.
package struct Route: Sendable {
    package enum Policy: Hashable, Sendable {
        /// Anyone who can reach the port.
        case open
        /// A token of the fabric with at least the role.
        case role(Role)
    }

    /// A part of the query.
    package struct Parameter: Sendable {
        package enum Kind: Sendable {
            case text
            case integer
            case flag
        }

        package var name: String
        package var kind: Kind
        package var summary: String

        package init(_ name: String, _ kind: Kind, _ summary: String) {
            self.name = name
            self.kind = kind
            self.summary = summary
        }
    }

    package enum Output: Sendable {
        case json(any (Codable & Sendable).Type)
        /// Server-Sent Events, the data of each being JSON.
        case events(any StreamEvent.Type)
        /// Text of the media type.
        case text(String)
        case nothing
    }

    /// Unique; the OpenAPI `operationId`.
    package var name: String
    package var method: HTTPRequest.Method
    /// `/v1/apps/{app}/deploy`.
    package var template: String
    package var policy: Policy
    package var summary: String
    package var query: [Parameter]
    /// Whether more than these may come in the query, as other programs' clients send it.
    package var takesAnyQuery: Bool
    package var input: (any (Codable & Sendable).Type)?
    package var output: Output

    package init(
        _ name: String, _ method: HTTPRequest.Method, _ template: String, _ policy: Policy, _ summary: String,
        query: [Parameter] = [], takesAnyQuery: Bool = false, input: (any (Codable & Sendable).Type)? = nil,
        output: Output
    ) {
        self.name = name
        self.method = method
        self.template = template
        self.policy = policy
        self.summary = summary
        self.query = query
        self.takesAnyQuery = takesAnyQuery
        self.input = input
        self.output = output
    }

    /// The names in braces, in order.
    package var pathParameters: [String] {
        template.split(separator: "/").filter { $0.first == "{" && $0.last == "}" }.map {
            String($0.dropFirst().dropLast())
        }
    }

    /// The path for values of the parameters, in order, each percent-encoded.
    package func path(_ values: [String]) -> String {
        precondition(values.count == pathParameters.count, "\(name) takes \(pathParameters.count) values in its path")
        var rest = values[...]
        return template.split(separator: "/").map { part in
            "/" + (part.first == "{" ? percentEncoded(rest.removeFirst()) : String(part))
        }.joined()
    }
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
package func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let hex = String(byte, radix: 16, uppercase: true)
            encoded += "%" + (hex.utf8.count == 1 ? "0" : "") + hex
        }
    }
    return encoded
}

extension HTTPField.Name {
    /// What a list that is answered in parts says beside its rows.
    package static let apusTotal = Self("apus-total")!
    package static let apusOffset = Self("apus-offset")!
    package static let apusNext = Self("apus-next")!
}
