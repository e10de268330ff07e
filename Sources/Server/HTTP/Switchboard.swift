import Core
import HTTPTypes
import Hummingbird
import Wire

/// Where handlers are registered, and the only way to register one is for a `Route`: the gate
/// stands before every handler, with the policy that the route declares.
struct Switchboard {
    typealias Handler = @Sendable (Call) async throws -> Response

    private(set) var registered: [Route] = []
    private let router: Router<BasicRequestContext>
    private let gate: Gate

    init(router: Router<BasicRequestContext>, gate: Gate) {
        self.router = router
        self.gate = gate
    }

    mutating func on(_ route: Route, _ handler: @escaping Handler) {
        registered.append(route)
        router.on(RouterPath(route.template), method: route.method) { [gate] request, context in
            let admission = try await gate.admit(request, route)
            let call = Call(
                route: route, request: request, path: try Self.path(route, context.parameters),
                query: try Self.query(route, request), principal: admission.principal, session: admission.session)
            return try await handler(call)
        }
    }

    private static func path(_ route: Route, _ parameters: Parameters) throws(Problem) -> [String: String] {
        var values: [String: String] = [:]
        for name in route.pathParameters {
            guard let raw = parameters.get(name), let value = FormFields.decoded(raw, plusIsSpace: false) else {
                throw Problem(
                    "path.invalid", "The address cannot be read.", cause: "`\(name)` is not percent-encoded UTF-8.",
                    remedy: "Take the address from the page or command that shows it.")
            }
            values[name] = value
        }
        return values
    }

    /// - Throws: `query.unknown` for what the route does not declare.
    private static func query(_ route: Route, _ request: Request) throws(Problem) -> FormFields {
        // Whoever takes any query reads it by rules of its own: a name may come more than once.
        if route.takesAnyQuery { return FormFields() }
        let fields = try FormFields(request.uri.query ?? "")
        let known = route.query.map(\.name)
        if let stranger = fields.values.keys.sorted().first(where: { !known.contains($0) }) {
            throw Problem(
                "query.invalid", "The query cannot be read.", cause: "\(quotedForMessage(stranger)) is not known here.",
                remedy: known.isEmpty ? "Leave the query away." : "Known are \(known.joined(separator: ", ")).")
        }
        return fields
    }
}
