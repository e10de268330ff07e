import Core
import Wire

/// The lines of several instances side by side, and of those that start meanwhile.
struct InstanceTail {
    let session: Session
    let target: LogTarget
    let lines: Int
    let follow: Bool
    let printer: InstancePrinter

    func run(_ instances: [InstanceID]) async throws {
        let (session, target, lines, follow, printer) = (session, target, lines, follow, printer)
        try await withThrowingTaskGroup(of: [InstanceID].self) { group in
            var known = Set(instances)
            let isPrefixed = follow || instances.count > 1
            let tail: @Sendable (InstanceID) async throws -> [InstanceID] = { id in
                do {
                    for try await line in session.client.logs(of: id, lines: lines, follow: follow) {
                        try await printer.print(line, of: id, isPrefixed: isPrefixed)
                    }
                } catch let problem as Problem where problem.code == "instance.unknown" {
                    // It went between being listed and being asked.
                }
                return []
            }
            let waitForOthers: @Sendable (Set<InstanceID>) async throws -> [InstanceID] = { known in
                for try await _ in session.client.changes() {
                    let found = try await session.client.instances().filter(target.admits).map(\.id)
                    let others = found.filter { !known.contains($0) }
                    if !others.isEmpty { return others.sorted() }
                }
                return []
            }
            for id in instances { group.addTask { try await tail(id) } }
            if follow { group.addTask { [known] in try await waitForOthers(known) } }
            while let others = try await group.next() {
                guard !others.isEmpty else { continue }
                known.formUnion(others)
                for id in others { group.addTask { try await tail(id) } }
                group.addTask { [known] in try await waitForOthers(known) }
            }
        }
    }
}

/// Writes lines of several instances whole, each instance in a colour of its own.
actor InstancePrinter {
    private struct Line: Encodable {
        var instance: InstanceID
        var sequence: Int64
        var text: String
    }

    private static let styles: [Style] = [.cyan, .magenta, .blue, .green, .yellow]

    private let terminal: Terminal
    private let json: Bool
    private var styles: [InstanceID: Style] = [:]
    private var prefixWidth = 0

    init(terminal: Terminal, json: Bool) {
        self.terminal = terminal
        self.json = json
    }

    func print(_ line: LogLine, of id: InstanceID, isPrefixed: Bool) throws(Problem) {
        if json {
            terminal.write(try JSONText.line(Line(instance: id, sequence: line.sequence, text: line.text)) + "\n")
            return
        }
        // What an app writes cannot rewrite a terminal; a pipe or file gets it as it is.
        let text = terminal.isTerminal ? StyledText(line.text).rendered(colour: false) : line.text
        guard isPrefixed else { return terminal.write(text + "\n") }
        let style = styles[id] ?? Self.styles[styles.count % Self.styles.count]
        styles[id] = style
        prefixWidth = max(prefixWidth, id.description.count)
        let prefix = StyledText(id.description, style).padded(to: prefixWidth) + StyledText(" |", style)
        terminal.write("\(prefix.rendered(colour: terminal.usesColour)) \(text)\n")
    }
}
