import Core
import FoundationEssentials
import HTTPTypes
import Wire

/// The API as an OpenAPI 3.1 document, made from the route table and the types that it names.
struct OpenAPIDocument {
    let text: String

    init(routes: [Route], version: String) {
        var components: [String: JSONValue] = [:]
        var paths: [String: [String: JSONValue]] = [:]
        for route in routes {
            paths[route.template, default: [:]][route.method.rawValue.lowercased()] =
                Self.operation(route, &components)
        }
        components["Problem"] = components["Problem"] ?? Self.json(Schema.of(Problem.self), &components)
        let document: JSONValue = [
            "openapi": "3.1.0",
            "info": [
                "title": "Apus", "version": .string(version), "summary": "Desired, live, delta, plan, execution.",
                "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(components),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        text = (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private static func operation(_ route: Route, _ components: inout [String: JSONValue]) -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .string(route.name), "summary": .string(route.summary),
            "responses": .object(responses(route, &components)),
        ]
        let parameters = parameters(route)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let input = route.input {
            operation["requestBody"] = [
                "content": ["application/json": ["schema": json(Schema.of(input), &components)]]
            ]
        }
        if case .role(let role) = route.policy {
            operation["security"] = [["token": []]]
            operation["description"] = .string("Needs the role \(role.rawValue).")
            operation["x-apus-role"] = .string(role.rawValue)
        } else {
            operation["security"] = []
        }
        return .object(operation)
    }

    private static func responses(_ route: Route, _ components: inout [String: JSONValue]) -> [String: JSONValue] {
        let success: JSONValue
        switch route.output {
        case .json(let type):
            success = [
                "description": "Done.", "content": ["application/json": ["schema": json(Schema.of(type), &components)]],
            ]
        case .events(let type):
            success = [
                "description":
                    "Server-Sent Events; the data of each is JSON. `Last-Event-ID` takes up where a reader left.",
                "content": [
                    "text/event-stream": [
                        "schema": ["type": "string"],
                        "x-apus-event": json(Schema.of(type), &components),
                    ]
                ],
            ]
        case .text(let media):
            let name = String(media.prefix { $0 != ";" })
            success = ["description": "Done.", "content": [name: ["schema": ["type": "string"]]]]
        case .nothing: success = ["description": "Done."]
        }
        let problem: JSONValue = [
            "description": "What went wrong: code, sentence, cause and remedy.",
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
        return ["2XX": success, "default": problem]
    }

    private static func parameters(_ route: Route) -> [JSONValue] {
        route.pathParameters.map { name in
            ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
        }
            + route.query.map { parameter in
                let type: JSONValue =
                    switch parameter.kind {
                    case .text: "string"
                    case .integer: "integer"
                    case .flag: "boolean"
                    }
                return [
                    "name": .string(parameter.name), "in": "query", "description": .string(parameter.summary),
                    "schema": ["type": type],
                ]
            }
    }

    /// The schema as JSON; objects become components.
    private static func json(_ schema: Schema, _ components: inout [String: JSONValue]) -> JSONValue {
        switch schema {
        case .string(let format, let pattern):
            var json: [String: JSONValue] = ["type": "string"]
            if let format { json["format"] = .string(format) }
            if let pattern { json["pattern"] = .string(pattern) }
            return .object(json)
        case .choice(let words): return ["type": "string", "enum": .array(words.map { .string($0) })]
        case .integer: return ["type": "integer"]
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .array(let element): return ["type": "array", "items": json(element, &components)]
        case .nullable(let value): return ["anyOf": .array([json(value, &components), ["type": "null"]])]
        case .map(let value): return ["type": "object", "additionalProperties": json(value, &components)]
        case .anything(let description): return ["description": .string(description)]
        case .reference(let name): return ["$ref": .string("#/components/schemas/\(name)")]
        case .object(let name, let properties):
            var described: [String: JSONValue] = [:]
            for property in properties { described[property.name] = json(property.schema, &components) }
            var object: [String: JSONValue] = ["type": "object", "properties": .object(described)]
            let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
            if !required.isEmpty { object["required"] = .array(required) }
            components[name] = .object(object)
            return ["$ref": .string("#/components/schemas/\(name)")]
        }
    }
}

/// JSON that is put together by hand.
enum JSONValue: Encodable, Sendable {
    case string(String)
    case boolean(Bool)
    case array([JSONValue])
    case object([String: JSONValue])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .boolean(let flag): try container.encode(flag)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    init(stringLiteral text: String) { self = .string(text) }
    init(booleanLiteral flag: Bool) { self = .boolean(flag) }
    init(arrayLiteral values: JSONValue...) { self = .array(values) }
    init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
