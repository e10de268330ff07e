import ControlPlane
import Core
import FoundationEssentials
import Synchronization
import Telemetry
import Testing
import Wire

@testable import Server

/// Pages in a real browser, when there is one. With `APUS_SCREENSHOTS=FOLDER`, pictures of the
/// pages are left there, in light and in dark, wide and narrow.
@Suite("The dashboard in a browser", .serialized)
struct BrowserTests {
    private static let isLive = "document.querySelector('#live[data-state=on]')"

    private static func link(_ server: RunningServer, _ number: Int, _ path: String) -> String {
        "\(server.url)/login?token=one-time-\(number)&next=\(percentEncoded(path))"
    }

    @Test(
        "A one-time link leads to the page, scripts run, and hostile text stays text",
        .enabled(if: BrowserDriver.isPresent), .timeLimit(.minutes(2)))
    func pages() async throws {
        try await RunningServer.with { server async throws in
            let log = Self.isLive + " && document.querySelector('#log').childElementCount >= 3"
            let pages = try await BrowserDriver.visit([
                .init(url: Self.link(server, 1, "/"), until: Self.isLive),
                .init(url: Self.link(server, 2, "/audit"), until: Self.isLive),
                .init(url: Self.link(server, 3, "/executions/e12"), until: Self.isLive),
                .init(url: Self.link(server, 4, "/instances/search.web.2.r2"), until: log),
            ])
            for page in pages { #expect(page.components(separatedBy: "<script").count == 3) }
            #expect(pages[0].contains("exit code 1, started again 4 times: &lt;script&gt;"))
            #expect(pages[1].contains("mallory&lt;script&gt;"))
            #expect(pages[2].contains("&lt;script&gt;alert('output')&lt;/script&gt;"))
            #expect(pages[3].contains("<div>&lt;script&gt;alert('log line')&lt;/script&gt;</div><div>ready</div>"))
        }
    }

    @Test(
        "A change of the fabric is seen without loading the page again", .enabled(if: BrowserDriver.isPresent),
        .timeLimit(.minutes(2)))
    func live() async throws {
        try await RunningServer.with { server async throws in
            async let change: Void = {
                while server.fabric.readers == 0 { try await Task.sleep(for: .milliseconds(20)) }
                server.fabric.reasons.withLock { $0 = ["a <b>reason</b> of the moment"] }
                server.fabric.change(9)
            }()
            let pages = try await BrowserDriver.visit([
                .init(
                    url: Self.link(server, 1, "/"),
                    until: "document.body.innerText.includes('a <b>reason</b> of the moment')")
            ])
            try await change
            #expect(pages[0].contains("a &lt;b&gt;reason&lt;/b&gt; of the moment"))
        }
    }

    @Test(
        "More tabs than a browser has connections share one stream, and each sees a change",
        .enabled(if: BrowserDriver.isPresent), .timeLimit(.minutes(2)))
    func tabs() async throws {
        try await RunningServer.with { server async throws in
            let change = Task {
                // Told again until the last tab is there to hear it.
                var number: Int64 = 9
                while true {
                    number += 1
                    server.fabric.change(number)
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            defer { change.cancel() }
            _ = try await BrowserDriver.visit([
                .init(
                    url: Self.link(server, 1, "/hosts"), until: Self.isLive + " && \(Self.refreshed)", tabs: 9)
            ])
            #expect(server.fabric.readers == 1)
        }
    }

    /// Whether the page has been patched since it was marked.
    private static let refreshed =
        "(document.querySelector('#main').dataset.mark ? false : window.marked"
        + " ? true : (window.marked = document.querySelector('#main').dataset.mark = '1', false))"

    @Test(
        "A list of ten thousand scrolls to any of its rows, and holds few of them",
        .enabled(if: BrowserDriver.isPresent), .timeLimit(.minutes(2)))
    func longList() async throws {
        // What is seen in the middle of the list, once it has been scrolled to a row.
        @Sendable func scrolled(to row: Int, shows name: String) -> String {
            """
            (() => {
              const box = document.querySelector('#list');
              const row = box && box.querySelector('tr[data-row]');
              if (!row || !document.querySelector('#live[data-state=on]')) return false;
              if (!window.scrolled) { window.scrolled = true; box.scrollTop = \(row) * row.offsetHeight; return false; }
              const area = box.getBoundingClientRect();
              const seen = document.elementFromPoint(area.left + 40, area.top + area.height / 2);
              const shown = seen && seen.closest('tr[data-row]');
              const number = shown && Number(shown.getAttribute('aria-rowindex')) - 1;
              return shown && box.querySelectorAll('tr[data-row]').length < 400
                && shown.innerText.includes('host-' + String(number).padStart(5, '0'))
                && box.innerText.includes('\(name)');
            })()
            """
        }
        try await RunningServer.with { server async throws in
            server.fabric.largeFabric.withLock { $0 = SampleFabric.manyHosts(10_000) }
            _ = try await BrowserDriver.visit([
                .init(url: Self.link(server, 1, "/hosts"), until: scrolled(to: 0, shows: "host-00001")),
                .init(url: Self.link(server, 2, "/hosts"), until: scrolled(to: 5000, shows: "host-05010")),
                .init(url: Self.link(server, 3, "/hosts"), until: scrolled(to: 9_999, shows: "host-10000")),
                .init(
                    url: Self.link(server, 4, "/hosts?sort=-host"),
                    until: "document.querySelector('tr[data-row]').innerText.includes('host-10000')"),
            ])
        }
    }

    @Test(
        "Keys move, filter and help, and what is dangerous asks first", .enabled(if: BrowserDriver.isPresent),
        .timeLimit(.minutes(2)))
    func keys() async throws {
        @Sendable func press(_ keys: String, then condition: String) -> String {
            let pressing =
                "[...'\(keys)'].forEach((key) => (document.activeElement || document.body)"
                + ".dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })))"
            return "(window.pressed ||= (\(pressing), true)) && \(condition)"
        }
        try await RunningServer.with { server async throws in
            _ = try await BrowserDriver.visit([
                .init(
                    url: Self.link(server, 1, "/"),
                    until: press("/", then: "document.activeElement.id === 'filter-text'")),
                .init(url: Self.link(server, 2, "/"), until: press("?", then: "document.querySelector('#help[open]')")),
                .init(
                    url: Self.link(server, 3, "/audit"),
                    until: press("jjk", then: "document.activeElement === document.querySelector('tr[data-row]')")),
                .init(
                    url: Self.link(server, 4, "/"),
                    until: "location.pathname === '/hosts' || (\(press("gh", then: "false")))"),
                .init(
                    url: Self.link(server, 5, "/hosts/web-1"),
                    until:
                        "(window.pressed ||= (document.querySelector('form[action$=drain] button').click(), true)) && document.querySelector('#confirm[open]')"
                ),
            ])
            #expect(server.fabric.acted.isEmpty)
        }
    }

    @Test(
        "Charts show the values at the pointer, keep their gaps, and a span that is dragged over becomes the page's",
        .enabled(if: BrowserDriver.isPresent), .timeLimit(.minutes(2)))
    func charts() async throws {
        let end = SampleFabric.now.milliseconds / 1000
        let chart = "document.querySelector('figure[data-chart] svg[data-from]')"
        /// A pointer event at a share of the plot's width, as a person's would be.
        @Sendable func point(_ kind: String, _ share: Double) -> String {
            """
            (() => {
              const svg = \(chart), box = svg.getBoundingClientRect(), wide = svg.viewBox.baseVal.width;
              const x = box.left + (Number(svg.dataset.left) + \(share) * Number(svg.dataset.width)) * box.width / wide;
              const target = svg.querySelector('rect');
              target.dispatchEvent(new PointerEvent('\(kind)', { bubbles: true, clientX: x, clientY: box.top + 60, button: 0, pointerType: 'mouse' }));
            })()
            """
        }
        try await RunningServer.with { server async throws in
            // A line of 1, 2, 3 … with nothing in its middle third.
            let known: [Int64] = Array(0..<120) + Array(240..<360)
            let points = known.map { index in
                NamedPoint(name: "gap.line", time: end - (360 - index) * 10, value: Double(index + 1))
            }
            _ = try await server.metrics.service.take(points, from: SourceName("test"))
            let path = "/graphs?target=gap.line&from=\(end - 3600)&until=\(end)"
            let hovered = "[...\(chart).querySelectorAll('.hover [data-name]')].map((each) => each.textContent).join()"
            let pages = try await BrowserDriver.visit([
                .init(
                    url: Self.link(server, 1, path),
                    until: "\(chart) && (\(point("pointermove", 0.9)), /^32[0-9].*gap\\.line/.test(\(hovered)))"),
                .init(
                    url: Self.link(server, 2, path),
                    until: """
                        \(chart) && (\(point("pointermove", 0.5)), \(chart).querySelector('.hover') && \(hovered) === '')
                        """),
                .init(
                    url: Self.link(server, 3, path),
                    until: """
                        (() => {
                          const query = new URL(location.href).searchParams, from = Number(query.get('from'));
                          if (location.pathname === '/graphs' && !window.dragged && from === \(end - 3600) && \(chart)) {
                            window.dragged = true;
                            \(point("pointerdown", 0.7)); \(point("pointermove", 0.8)); \(point("pointerup", 0.9));
                          }
                          return Math.abs(from - \(end - 1080)) < 30 && Math.abs(Number(query.get('until')) - \(end - 360)) < 30
                            && \(chart) && Number(\(chart).dataset.from) === from;
                        })()
                        """),
                .init(
                    url: Self.link(server, 4, "/graphs/class-web"),
                    until: "document.querySelector('figure[data-chart] svg')"),
            ])
            for page in pages { #expect(page.components(separatedBy: "<script").count <= 4) }
            // Two runs, with a gap between: the line is begun twice.
            let line = pages[1].components(separatedBy: "data-label=\"gap.line\"").dropFirst().first ?? ""
            let path2 = line.components(separatedBy: " d=\"").dropFirst().first?.prefix { $0 != "\"" } ?? ""
            #expect(path2.filter { $0 == "M" }.count == 2)
        }
    }

    @Test(
        "Pictures, when they are asked for",
        .enabled(if: BrowserDriver.isPresent && ProcessInfo.processInfo.environment["APUS_SCREENSHOTS"] != nil))
    func pictures() async throws {
        let folder = try #require(ProcessInfo.processInfo.environment["APUS_SCREENSHOTS"])
        let only = ProcessInfo.processInfo.environment["APUS_SCREENSHOT_PAGES"]?.split(separator: ",").map(String.init)
        let pages = [
            ("overview", "/"), ("overview-zone", "/?group=zone"), ("app", "/apps/shop"),
            ("diff", "/apps/shop/diff?from=6&to=7"), ("plan", "/plans/p7"), ("execution", "/executions/e12"),
            ("executions", "/executions"), ("hosts", "/hosts"), ("host", "/hosts/web-6"), ("audit", "/audit"),
            ("instance", "/instances/search.web.2.r2"), ("build", "/builds/b3"),
        ]
        try await RunningServer.with { server async throws in
            var visits: [BrowserDriver.Visit] = []
            for (name, path) in pages where only?.contains(name) ?? true {
                for (look, width, scheme) in [
                    ("light", 1280, "light"), ("dark", 1280, "dark"), ("narrow", 420, "light"),
                ] {
                    visits.append(
                        .init(
                            url: Self.link(server, visits.count, path), until: Self.isLive, width: width,
                            scheme: scheme,
                            picture: "\(folder)/\(name)-\(look).png"))
                }
            }
            visits.append(
                .init(
                    url: server.url + "/login", until: "document.querySelector('#token')",
                    picture: "\(folder)/login.png"))
            _ = try await BrowserDriver.visit(visits)
        }
    }
}
