import Core
import Simulation
import Testing

@Suite("Placement")
struct PlacementTests {
    private func fabric(hosts: [HostSpec], _ apps: AppSpec...) -> DesiredModel {
        var configuration = SampleFabric.configuration()
        for host in hosts { configuration.hosts[host.name] = host }
        for app in apps { configuration.apps[app.name] = app }
        var model = DesiredModel(revision: 1, configuration: configuration)
        for app in apps { model.releases[app.name] = SampleFabric.release(app, 1) }
        return model
    }

    private func place(_ model: DesiredModel, current: [Slot: HostName] = [:], lost: Set<String> = []) -> Placement {
        let hosts = model.configuration.hosts.mapValues {
            LiveHost(
                name: $0.name, contact: lost.contains($0.name.text) ? .lost : .connected, lastHeard: nil, report: nil)
        }
        let live = LiveModel(revision: 1, at: Instant(milliseconds: 0), hosts: hosts)
        return Placement(
            desired: model, live: live, standing: FleetStanding(desired: model, live: live), current: current)
    }

    private func counts<Key: Hashable>(_ placement: Placement, by key: (HostName) -> Key) -> [Key: Int] {
        Dictionary(placement.hosts.values.map { (key($0), 1) }, uniquingKeysWith: +)
    }

    @Test("instances spread over zones first, then over hosts")
    func spread() {
        let hosts = (1...6).map { SampleFabric.host("web-\($0)", zone: $0 <= 4 ? "a" : $0 == 5 ? "b" : "c") }
        let model = fabric(
            hosts: hosts, SampleFabric.app("shop", processes: [SampleFabric.process("web", instances: 9)]))
        let placement = place(model)
        #expect(counts(placement) { model.configuration.hosts[$0]?.zone.text } == ["a": 3, "b": 3, "c": 3])
        #expect(counts(placement, by: \.self).values.max() == 3)
        #expect(placement.refusals.isEmpty)
    }

    @Test("a host takes what its memory holds, and the refusal says what lacks")
    func memory() {
        let hosts = [
            SampleFabric.host("big", memory: .mebibytes(1000)), SampleFabric.host("small", memory: .mebibytes(300)),
        ]
        let app = SampleFabric.app(
            "shop", processes: [SampleFabric.process("web", instances: 6, memory: .mebibytes(256))])
        let placement = place(fabric(hosts: hosts, app))
        #expect(counts(placement, by: \.text) == ["big": 3, "small": 1])
        #expect(placement.refusals.map(\.slot.number) == [5, 6])
        #expect(
            placement.refusals[0].text
                == "shop.web.5 has no place: it needs 256 MiB, big has 232 MiB; it needs 256 MiB, small has 44 MiB.")
    }

    @Test("a change moves nothing that may stay, and the least that may not")
    func stability() {
        var hosts = (1...4).map { SampleFabric.host("web-\($0)", zone: "a") }
        let app = SampleFabric.app("shop", processes: [SampleFabric.process("web", instances: 8)])
        let before = place(fabric(hosts: hosts, app))
        hosts.append(SampleFabric.host("web-5", zone: "b"))
        #expect(place(fabric(hosts: hosts, app), current: before.hosts).hosts == before.hosts)
        var drained = fabric(hosts: hosts, app)
        drained.overrides.drained = [HostName(checked: "web-2")]
        let after = place(drained, current: before.hosts)
        let moved = before.hosts.filter { after.hosts[$0.key] != $0.value }
        #expect(Set(moved.values.map(\.text)) == ["web-2"])
        #expect(moved.keys.allSatisfy { after.hosts[$0]?.text == "web-5" })
        #expect(place(drained, current: after.hosts).hosts == after.hosts)
    }

    @Test("a process stays where it is pinned, or is refused")
    func pinned() throws {
        let hosts = [SampleFabric.host("web-1", labels: ["disk": "fast"]), SampleFabric.host("web-2")]
        func app(_ selector: HostSelector) -> AppSpec {
            SampleFabric.app("shop", processes: [SampleFabric.process("web", instances: 2, placement: selector)])
        }
        #expect(
            counts(place(fabric(hosts: hosts, app(HostSelector(labels: ["disk": "fast"])))), by: \.text) == ["web-1": 2]
        )
        #expect(
            counts(place(fabric(hosts: hosts, app(HostSelector(hosts: [try HostName("web-2")])))), by: \.text) == [
                "web-2": 2
            ])
        let nowhere = place(fabric(hosts: hosts, app(HostSelector(labels: ["disk": "slow"]))))
        #expect(nowhere.refusals.count == 2)
        #expect(nowhere.refusals.first?.reasons == ["2 hosts are not of the kind that `on` asks for, or are balancers"])
    }

    @Test("one lost host of three is replaced; two are not, and it is said why")
    func blindness() {
        let hosts = (1...3).map { SampleFabric.host("web-\($0)") }
        let app = SampleFabric.app("shop", processes: [SampleFabric.process("web", instances: 3)])
        let model = fabric(hosts: hosts, app)
        let before = place(model)
        #expect(!place(model, current: before.hosts, lost: ["web-1"]).hosts.values.contains(HostName(checked: "web-1")))
        #expect(place(model, current: before.hosts, lost: ["web-1", "web-2"]).hosts == before.hosts)
    }

    @Test("a fleet of thousands is placed at once")
    func scale() {
        let hosts = (1...1000).map { SampleFabric.host("web-\($0)", zone: "z\($0 % 7)", memory: .mebibytes(4096)) }
        let app = SampleFabric.app(
            "shop", processes: [SampleFabric.process("web", instances: 10_000, memory: .mebibytes(256))])
        let model = fabric(hosts: hosts, app)
        let time = ContinuousClock().measure { #expect(place(model).hosts.count == 10_000) }
        #expect(time < .seconds(20), "it took \(time)")
    }
}
