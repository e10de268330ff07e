import ControlPlane
import Core
import Testing
import Wire

@Suite("What people see of the models")
struct ViewTests {
    private func instance(_ id: String) throws -> InstanceView {
        try #require(try SampleFabric.views().instances.first { $0.id.description == id })
    }

    @Test("Instances have a colour and its reason")
    func colours() throws {
        #expect(try instance("shop.web.1.r8").colour == .green)
        #expect(try instance("shop.web.3.r8").reason == "starting")
        #expect(try instance("shop.web.1.r7").reason == "warm, ready to take over")
        #expect(try instance("shop.web.4.r7").reason == "host web-4 is silent")
        let broken = try instance("search.web.2.r2")
        #expect(broken.colour == .red && broken.reason.hasPrefix("exit code 1") && broken.delta == .inError)
        let missing = try instance("shop.web.4.r8")
        #expect(missing.colour == .yellow && missing.state == .none && missing.reason == "to be deployed")
    }

    @Test("Apps take the worst colour of what they need")
    func apps() throws {
        let apps = Dictionary(uniqueKeysWithValues: try SampleFabric.views().apps.map { ($0.name.text, $0) })
        #expect(apps["blog"]?.colour == .green)
        #expect(apps["search"]?.colour == .red)
        #expect(apps["shop"]?.colour == .yellow)
        #expect(apps["fresh"]?.reason == "not deployed yet")
        #expect(apps["shop"]?.processes.map(\.desired) == [4, 3])
        #expect(apps["shop"]?.processes.map(\.declared) == [4, 2])
    }

    @Test("Releases are current, warm or kept")
    func releases() throws {
        let shop: AppName = SampleFabric.name("shop")
        let views = try SampleFabric.views().releases(of: shop, try SampleFabric.releases()[shop] ?? [])
        #expect(views.map(\.standing) == [.current, .warm, .kept, .kept, .kept, .kept])
    }

    @Test("A diff shows what changed, with three lines around it")
    func diff() {
        let before = (1...20).map { "line \($0)" }.joined(separator: "\n")
        let after = before.replacing("line 10\n", with: "line ten\n")
        let lines = LineDiff.between(before, after)
        #expect(lines.map(\.kind) == [.gap, .same, .same, .same, .removed, .added, .same, .same, .same, .gap])
        #expect(lines[4].before == 10 && lines[5].after == 10)
    }
}
