import ControlPlane
import Core
import FoundationEssentials
import Testing
import Wire

@testable import Server

/// The page of lines in a real browser. With `APUS_SCREENSHOTS=FOLDER` a picture of it is left there.
@Suite("Lines in a browser", .serialized, .enabled(if: BrowserDriver.isPresent))
struct LogBrowserTests {
    private static let picture = ProcessInfo.processInfo.environment["APUS_SCREENSHOTS"].map { "\($0)/lines.png" }

    private func link(_ server: RunningServer, _ number: Int, _ path: String) -> String {
        "\(server.url)/login?token=one-time-\(number)&next=\(percentEncoded(path))"
    }

    private func send(_ numbers: Range<Int>, _ word: String, to server: RunningServer) async throws {
        let lines = numbers.map { number in
            #"{"level":"\#(number % 9 == 0 ? "warn" : "info")","msg":"\#(word) \#(number) <b>is</b> packed","path":"/orders/\#(number % 3)"}"#
        }
        let client = try server.client(token: "reporter")
        _ = try await client.sendLines(lines.joined(separator: "\n"), labels: [("app", "shop"), ("host", "web-1")])
        await client.shutdown()
    }

    @Test("Three thousand lines are scrolled through, and few of them are in the page", .timeLimit(.minutes(2)))
    func long() async throws {
        let scrolling = """
            (() => {
              const list = document.querySelector('.log-list');
              if (!list) return false;
              const held = list.querySelectorAll('li').length;
              window.most = Math.max(window.most || 0, held);
              const text = list.innerText;
              if (window.isBack) return window.most < 700 && held < 300 && text.includes(window.first);
              window.first ||= list.querySelector('li .text').innerText;
              window.scrollTo(0, document.documentElement.scrollHeight);
              if (list.querySelector('.pages') || !text.includes('order 0 ')) return false;
              window.pieces = list.querySelectorAll('ol').length;
              window.isBack = window.pieces === 60 && !text.includes(window.first);
              window.scrollTo(0, 0);
              return false;
            })()
            """
        try await RunningServer.with { server async throws in
            try await send(0..<3000, "order", to: server)
            let pages = try await BrowserDriver.visit([
                .init(url: link(server, 1, "/logs?query=app:shop"), until: scrolling, picture: Self.picture)
            ])
            #expect(pages[0].components(separatedBy: "<script").count <= 4)
            #expect(pages[0].contains("&lt;b&gt;is&lt;/b&gt;"))
        }
    }

    @Test(
        "New lines come, wait for a reader, and go on; a field of one leads to those with it", .timeLimit(.minutes(2)))
    func live() async throws {
        let following = """
            (() => {
              const list = document.querySelector('.log-list');
              const button = document.querySelector('[data-follow]');
              if (!list || !button) return false;
              if (new URL(location.href).searchParams.get('query') === '(app:shop) path:="/orders/1"')
                return [...list.querySelectorAll('li')].every((each) => each.innerText.includes('/orders/1') || each.textContent.includes('/orders/1'));
              const text = list.innerText;
              const top = list.querySelector('li .text')?.innerText || '';
              switch (window.stage || 0) {
              case 0: button.click(); window.stage = 1; return false;
              case 1: if (top.startsWith('live')) { window.scrollTo(0, 600); window.stage = 2; } return false;
              case 2: window.topThen = top; window.stage = 3; return false;
              case 3:
                if (!/[1-9][0-9]* new lines/.test(button.innerText)) return false;
                window.paused = top === window.topThen; window.stage = 4; window.scrollTo(0, 0); return false;
              case 4: if (window.paused && top !== window.topThen && button.innerText === 'Following') window.stage = 5; return false;
              default: {
                const row = [...list.querySelectorAll('li')].find((each) => each.textContent.includes('/orders/1') && each.innerText.includes('live'));
                if (!row) return false;
                row.querySelector('details').open = true;
                const name = [...row.querySelectorAll('dt')].find((each) => each.textContent === 'path');
                name.nextElementSibling.querySelector('a').click();
                return false;
              }
              }
            })()
            """
        try await RunningServer.with { server async throws in
            try await send(0..<200, "order", to: server)
            let talk = Task {
                var number = 0
                while true {
                    try await send(number..<number + 3, "live", to: server)
                    number += 3
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            defer { talk.cancel() }
            let pages = try await BrowserDriver.visit([
                .init(url: link(server, 1, "/logs?query=app:shop"), until: following)
            ])
            #expect(!pages[0].contains("<dd>/orders/2"))
        }
    }

    @Test(
        "A chart of an app or a host leads to its lines",
        arguments: [
            (["apps.shop.web.*.memory"], "app:shop"),
            (["alias(sumSeries(balancers.*.shop.*.*.requests),'5xx')", "apps.shop.*.cpu"], "app:shop"),
            (["hosts.web-1.cpu.used"], "host:web-1"), (["hosts.*.cpu.used"], ""),
            (["hosts.web-1.cpu.used", "hosts.web-2.cpu.used"], ""),
            (["apps.{shop,site}.web.*.memory", "stats.counters.a"], ""),
        ])
    func links(_ targets: [String], _ label: String) {
        #expect(ChartFigure.label(targets).map { "\($0):\($1)" } ?? "" == label)
    }
}
