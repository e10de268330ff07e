import Core
import NIOHTTP1
import Testing
import Wire

@testable import ControlPlane
@testable import Server

@Suite("Lists in parts")
struct ListTests {
    /// Walks through a list part by part, as a client does.
    private func walk<Row>(
        _ query: ListQuery, _ part: (ListQuery) throws(Problem) -> ListPart<Row>
    ) throws -> [Row] {
        var query = query
        var rows: [Row] = []
        for _ in 0..<1000 {
            let found = try part(query)
            #expect(found.offset == rows.count || found.rows.isEmpty)
            rows += found.rows
            guard let next = found.next else { break }
            // What a client sends back is text.
            query.start = .after(try ListCursor(next.description))
        }
        return rows
    }

    @Test(
        "Parts put together are the whole, in every order and of every size",
        arguments: [nil, "colour", "-colour", "host", "-release", "zone", "label.tier", "delta"], [1, 2, 5, 1000])
    func whole(sort: String?, limit: Int) throws {
        let views = try SampleFabric.views()
        let sort = try sort.map(ListQuery.Sort.init)
        for filter in ["", "app=shop", "not zone=a", "host=web-1 and not app=blog"] {
            let query = ListQuery(filter: try Filter(filter), sort: sort, limit: limit)
            let rows = try walk(query) { query throws(Problem) in try views.instances(query) }
            let wanted = views.instances.filter { query.filter.admits($0) }
            #expect(rows.map(\.place).sorted() == wanted.map(\.place).sorted())
            if sort == nil { #expect(rows == wanted) }
            let part = try views.instances(query)
            #expect(part.total == wanted.count)
            var whole = query
            whole.limit = ListQuery.limitMax
            #expect(try views.instances(whole).rows == rows)
        }
        let hosts = try walk(ListQuery(limit: limit)) { query throws(Problem) in try views.hosts(query) }
        #expect(hosts == views.hosts)
    }

    @Test("What is worst comes first, and releases are numbers")
    func order() throws {
        let views = try SampleFabric.views()
        let worst = try views.instances(ListQuery(sort: .init("colour"))).rows.map(\.colour)
        #expect(worst == worst.sorted(by: >) && worst.first == .red)
        let rows = (1...12).map { number in
            var row = views.instances[0]
            row.id.slot = number
            row.release = number
            return row
        }
        let sorted = try RowList(rows).part(ListQuery(sort: .init("-release"))).rows.map(\.release)
        #expect(sorted == Array((1...12).reversed()))
    }

    @Test("A cursor stays where it is while rows come and go")
    func stable() throws {
        let rows = try SampleFabric.views().instances
        let sort = try ListQuery.Sort("host")
        for sort in [nil, sort] {
            let first = try RowList(rows).part(ListQuery(sort: sort, limit: 6))
            let cursor = try #require(first.next)
            // Rows before it go, and so does the row that it names.
            let gone = Set(first.rows.suffix(3).map(\.place))
            let left = RowList(rows.filter { !gone.contains($0.place) })
            let rest = try left.part(ListQuery(sort: sort, start: .after(cursor))).rows
            let all = try RowList(rows).part(ListQuery(sort: sort)).rows
            #expect(rest.map(\.place) == all.dropFirst(6).map(\.place))
        }
    }

    @Test("Groups count what a filter admits, those that are worst off first")
    func groups() throws {
        let views = try SampleFabric.views()
        let zones = views.instanceGroups(.all, by: .zone)
        #expect(zones.reduce(0) { $0 + $1.counts.total } == views.instances.count)
        #expect(Set(zones.map(\.value)) == ["a", "b"])
        let tiers = views.hostGroups(.all, by: .label("tier"))
        #expect(Set(tiers.map(\.value)) == ["canary", nil])
        let red = views.instanceGroups(.all, by: .app).map(\.counts.red)
        #expect(red == red.sorted(by: >))
        #expect(views.instanceGroups(try Filter("app=nothing"), by: .app).isEmpty)
    }

    @Test("The API says in headers what there is beside a part")
    func headers() async throws {
        try await RunningServer.with { server async throws in
            let answer = try await server.send("GET", "/v1/hosts?limit=3&sort=zone&filter=class%3Dweb", token: "viewer")
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "apus-total") == "6")
            #expect(answer.headers.first(name: "apus-offset") == "0")
            let next = try #require(answer.headers.first(name: "apus-next"))
            let rest = try await server.send(
                "GET", "/v1/hosts?limit=3&sort=zone&filter=class%3Dweb&after=\(next)", token: "viewer")
            #expect(rest.headers.first(name: "apus-offset") == "3")
            #expect(rest.headers.first(name: "apus-next") == nil)
            let groups = try await server.send("GET", "/v1/groups/hosts?by=zone", token: "viewer")
            #expect(groups.status == 200 && groups.headers.first(name: "apus-total") == "2")
        }
    }

    @Test("Filters that are not read, and cursors that are not ours, are refused")
    func refusals() throws {
        let views = try SampleFabric.views()
        let foreign = ListCursor(value: "", name: "no such thing")
        #expect(throws: Problem.self) { try views.instances(ListQuery(start: .after(foreign))) }
        #expect { try ListQuery.Sort("nonsense") } throws: { ($0 as? Problem)?.code == "key.invalid" }
        // A place that was never there is a place all the same.
        let between = ListCursor(value: "", name: "web-15")
        #expect(try views.hosts(ListQuery(start: .after(between))).rows.map(\.name.text).first == "web-2")
    }
}

@Suite("What readers of changes are told")
struct ChangeFeedTests {
    private let now = Instant(milliseconds: 5)

    @Test("Changes between two looks are told together, and too many of them as one")
    func together() async throws {
        let feed = ChangeFeed()
        var events = feed.stream().makeAsyncIterator()
        for number in 1...3 {
            feed.note(.liveChanged(HostName(checked: "web-\(number)")))
            feed.publish(at: now, desired: 1, live: Int64(number))
        }
        let first = await events.next()
        #expect(first?.hosts.map(\.text) == ["web-1", "web-2", "web-3"])
        #expect(first?.sequence == 3 && first?.liveRevision == 3 && first?.isEverything == false)
        for number in 0...ChangeFeed.subjectsMax { feed.note(.liveChanged(HostName(checked: "web-\(number)"))) }
        feed.publish(at: now, desired: 1, live: 4)
        let second = await events.next()
        #expect(second?.hosts.isEmpty == true && second?.isEverything == true)
        feed.republish(at: now)
        let third = await events.next()
        #expect(third?.isEverything == true && third?.sequence == 5)
    }
}
