import Core

/// The routes of an app.
extension SchemaReader {
    func routes(_ reader: MappingReader, processes: [ProcessName: ProcessDeclaration]) -> [RouteDeclaration] {
        guard reader.has("routes") else { return [] }
        return reader.list("routes").compactMap { value in
            MappingReader(value, noun: "a route", keys: Self.routeKeys, log: log).flatMap {
                route($0, processes: processes)
            }
        }
    }

    private func route(_ reader: MappingReader, processes: [ProcessName: ProcessDeclaration]) -> RouteDeclaration? {
        let host = reader.parse("host", Checks.domain)
        let path = reader.parse("path", Checks.urlPath)
        let balancer = reader.value("balancer").flatMap { log.name($0, of: "balancer", as: BalancerName.self) }
        let cors = reader.list("cors").compactMap { value in
            log.text(value, of: "cors").flatMap { log.parse($0, Checks.origin)?.value }
        }
        let sticky = reader.choice("sticky", of: RouteSpec.Stickiness.self)
        let websocket = reader.flag("websocket")
        guard let to = target(reader, processes: processes) else { return nil }
        let spec = RouteSpec(
            host: host?.value, path: path?.value ?? "/", to: to.value, balancer: balancer?.value, cors: cors,
            sticky: sticky?.value, websocket: websocket?.value ?? false)
        let position = host?.position ?? path?.position ?? reader.position
        return RouteDeclaration(spec: spec, to: to, balancer: balancer, position: position)
    }

    /// The process that a route leads to; left out, the only one that listens.
    private func target(_ reader: MappingReader, processes: [ProcessName: ProcessDeclaration]) -> Located<ProcessName>?
    {
        let listening = processes.values.filter(\.spec.run.listens)
        guard reader.has("to") else {
            if listening.count == 1 { return Located(listening[0].spec.name, at: reader.position) }
            reader.reportMissing("to", hint: "name the process that answers")
            return nil
        }
        guard let to = reader.value("to").flatMap({ log.name($0, of: "to", as: ProcessName.self) }) else { return nil }
        guard let process = processes[to.value] else {
            log.error(
                "process.unknown", at: to.position, "The app has no process \(to.value).",
                hint: Suggestion.hint(for: to.value.text, in: processes.keys.map(\.text)))
            return nil
        }
        if !process.spec.run.listens {
            log.error(
                "route.deaf", at: to.position, "Process \(to.value) listens on no port.",
                hint: "make its command listen on $HOST and $PORT")
        }
        return to
    }
}
