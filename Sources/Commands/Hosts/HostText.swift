import Core
import Wire

enum HostText {
    static func table(_ hosts: [HostView], at now: Instant) -> Table {
        var table = Table([
            .init("HOST"), .init("COLOUR"), .init("ZONE", isOptional: true), .init("CLASS", isOptional: true),
            .init("CONTACT"),
            .init("INSTANCES", isElastic: true),
            .init("MEMORY", isRight: true, isOptional: true), .init("WHY", isElastic: true),
        ])
        for host in hosts {
            table.add([
                StyledText(host.name.text, .bold), Words.mark(host.colour), StyledText(host.zone?.text ?? ""),
                StyledText(hostClass(host)), contact(host, at: now),
                Words.counts(green: host.counts.green, yellow: host.counts.yellow, red: host.counts.red),
                StyledText(memory(host)), StyledText(host.isDrained ? "drained; " : "") + StyledText(host.reason),
            ])
        }
        return table
    }

    static func detail(_ view: HostDetailView, at now: Instant, width: Int?) -> [StyledText] {
        let host = view.host
        var lines = [StyledText(host.name.text, .bold) + " " + Words.mark(host.colour) + StyledText("  \(host.reason)")]
        let facts: [(String, String?)] = [
            ("address", host.address), ("class", hostClass(host)),
            ("place", [host.region?.text, host.zone?.text].compactMap { $0 }.joined(separator: "/")),
            ("labels", host.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")),
            ("contact", contact(host, at: now).rendered(colour: false)), ("drained", host.isDrained ? "yes" : nil),
            ("memory", memory(host)), ("processors", host.processors.map { "\($0)" }), ("system", host.system),
            ("agent", host.agentVersion),
        ]
        for case (let name, let value?) in facts where !value.isEmpty {
            lines.append(StyledText("  \(name)", .dim).padded(to: 14) + StyledText(value))
        }
        for balancer in host.balancers {
            let state = balancer.isRunning ? "runs" : "does not run"
            let problem = balancer.problem.map { "; refused: \($0.cause)" } ?? ""
            lines.append(
                StyledText("  balancer", .dim).padded(to: 14) + StyledText("\(balancer.name) \(state)\(problem)"))
        }
        for (app, links) in view.links.sorted(by: { $0.key < $1.key }) {
            let text = "\(app) \(Words.release(links.current))\(links.previous.map { ", before r\($0)" } ?? "")"
            lines.append(StyledText("  link", .dim).padded(to: 14) + StyledText(text))
        }
        if !view.instances.isEmpty { lines += [""] + InstanceText.table(view.instances, at: now).lines(width: width) }
        return lines
    }

    private static func hostClass(_ host: HostView) -> String {
        host.hostClass.map { "\($0)\(host.classVersion.map { "@\($0)" } ?? "")" } ?? ""
    }

    private static func contact(_ host: HostView, at now: Instant) -> StyledText {
        guard host.contact != .connected, let heard = host.lastHeard else { return StyledText(host.contact.rawValue) }
        return StyledText("\(host.contact.rawValue), heard \(Words.age(heard, at: now))")
    }

    private static func memory(_ host: HostView) -> String {
        guard let memory = host.memory else { return "" }
        return "\((host.memoryPlaced ?? ByteCount(bytes: 0)).rough) of \(memory.rough)"
    }
}
