import FoundationEssentials
import Testing
import Wire

@testable import Commands

/// What people see, in Golden/. With APUS_GOLDEN_UPDATE=1 it is written anew: then read the
/// difference.
@Suite struct GoldenTests {
    static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Golden"

    static let pages: [(String, @Sendable (Int?) -> [StyledText])] = [
        ("status", { StatusText.lines(Fixtures.status, width: $0) }),
        ("hosts", { HostText.table(Fixtures.hosts, at: Fixtures.now).lines(width: $0) }),
        (
            "host",
            {
                let view = HostDetailView(
                    host: Fixtures.hosts[0], instances: Array(Fixtures.instances.prefix(2)),
                    links: [Fixtures.app("shop"): LinksView(current: 7, previous: 6)])
                return HostText.detail(view, at: Fixtures.now, width: $0)
            }
        ),
        ("instances", { InstanceText.table(Fixtures.instances, at: Fixtures.now).lines(width: $0) }),
        ("plan", { PlanText.lines([Fixtures.plan], width: $0) }),
        ("releases", { ReleaseText.table(Fixtures.releases, at: Fixtures.now).lines(width: $0) }),
        ("diff", { ReleaseText.diff(Fixtures.diff, width: $0) }),
        ("executions", { ExecutionText.table(Fixtures.executions, at: Fixtures.now).lines(width: $0) }),
        ("execution", { ExecutionText.detail(Fixtures.executions[1], at: Fixtures.now, width: $0) }),
        ("audit", { AuditText.table(Fixtures.audit).lines(width: $0) }),
    ]

    @Test("What people see, as wide as it gets and in 80 columns", arguments: pages.map(\.0))
    func golden(name: String) throws {
        let page = try #require(Self.pages.first { $0.0 == name }).1
        let narrow = page(80)
        // Prose wraps; tables do not.
        if ["hosts", "instances", "releases", "executions", "audit"].contains(name) {
            #expect(narrow.allSatisfy { $0.width <= 80 })
        }
        try expect("\(name).txt", shown: [page(nil), ["", "-- 80 columns --"], narrow].joined())
    }

    @Test("Colours mark what words say too")
    func colours() throws {
        let shown = StatusText.lines(Fixtures.status, width: nil).map { $0.rendered(colour: true) }
        try compare(
            "status-colours.txt", shown.map { $0.replacing("\u{1B}", with: "␛") }.joined(separator: "\n") + "\n")
    }

    private func expect(_ file: String, shown: some Sequence<StyledText>) throws {
        try compare(file, shown.map { $0.rendered(colour: false) + "\n" }.joined())
    }

    private func compare(_ file: String, _ shown: String) throws {
        let path = "\(Self.folder)/\(file)"
        if ProcessInfo.processInfo.environment["APUS_GOLDEN_UPDATE"] != nil {
            try shown.write(to: URL(filePath: path), atomically: true, encoding: .utf8)
        } else {
            let expected = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            #expect(expected == shown)
        }
    }
}
