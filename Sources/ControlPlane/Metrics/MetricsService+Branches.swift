import Core
import NIOHTTP1
import Telemetry

/// What a query finds besides the store: `regions.NAME.` at the servers of other regions, and
/// `relays.NAME.` in the engines that points are relayed to.
extension MetricsService {
    /// How long one request may wait for all of them.
    private static let patience: Int64 = 5000

    func branched(_ notices: QueryNotices) -> any SeriesSource {
        let policy = policies.current
        let relays = relays.sources(policy.rules, within: RelayAccess.timeout)
        guard !policy.regions.isEmpty || !relays.isEmpty else { return store }
        let end = ContinuousClock.now + .milliseconds(Self.patience)
        var regions: [String: any SeriesSource] = [:]
        for region in policy.regions { regions[region.name.text] = source(region, until: end) }
        return BranchedSource(
            store,
            branches: [
                .init(name: "regions", children: regions, mayMiss: true),
                .init(name: "relays", children: relays, mayMiss: false),
            ], notices: notices)
    }

    private func source(_ region: RegionSpec, until end: ContinuousClock.Instant) -> RegionSource {
        let (outgoing, secrets) = (outgoing, setting.secrets)
        let base = region.url.text.hasSuffix("/") ? String(region.url.text.dropLast()) : region.url.text
        return RegionSource { path, fields async throws(TelemetryProblem) in
            let token: String
            do throws(Problem) { token = try secrets.text(region.token) } catch { throw TelemetryProblem(error) }
            let form = OutgoingHTTP.Call.form(fields)
            var call = OutgoingHTTP.Call(url: base + path, headers: [("authorization", "Bearer \(token)")])
            if path.hasPrefix("/v1/") {
                call.method = .GET
                call.url += "?" + form
            } else {
                call.headers.append(("content-type", "application/x-www-form-urlencoded"))
                call.body = Array(form.utf8)
            }
            let (seconds, attoseconds) = ContinuousClock.now.duration(to: end).components
            let rest = seconds * 1000 + attoseconds / 1_000_000_000_000_000
            // One that is silent must not use up the time in which the others tell their points.
            let answer = try await outgoing.execute(call, within: rest / 2)
            guard answer.status == 200 else {
                throw TelemetryProblem(
                    "region.refused", "The region \(region.name) did not answer.",
                    cause: "It answered with the status \(answer.status): \(answer.text).",
                    remedy: "Look at its server, and at the token \(region.token).")
            }
            return answer.body
        }
    }
}
