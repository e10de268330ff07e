import ConfigRepository
import Core
import Testing

@Suite struct ConfigurationReaderTests {
    @Test("The example of the design means what it says, in each fabric")
    func example() throws {
        let reading = Sample.read(app: Sample.shop)
        #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
        let prod = try Sample.prod(reading)
        let app = try #require(prod.apps[AppName("shop")])
        #expect(app.source == .git(url: "https://git.example/shop.git", ref: "main"))
        #expect(app.build == .python)
        #expect(app.config == ["config.json": "{}"])
        #expect(app.rollout == RolloutPolicy(batch: .percent(25)))
        #expect(app.routes == [RouteSpec(host: "shop.example.com", to: try ProcessName("web"), cors: ["example.com"])])
        let web = try #require(app.processes[ProcessName("web")])
        #expect(web.instances == 4)
        #expect(web.health == HealthProbe(kind: .http(path: "/healthz")))
        #expect(web.limits == ResourceLimits(memory: .mebibytes(256)))
        #expect(web.replacement == .beside)
        let worker = try #require(app.processes[ProcessName("worker")])
        #expect((worker.instances, worker.replacement) == (2, .inPlace))
        let staging = try reading.configuration(of: FabricName("staging"))
        #expect(try staging.apps[AppName("shop")]?.processes[ProcessName("web")]?.instances == 1)
    }

    @Test("Hosts get region and zone from their fabric, and only their own fabric's hosts are there")
    func hosts() throws {
        let prod = try Sample.prod(Sample.read())
        #expect(try Set(prod.hosts.keys) == [HostName("web-1"), HostName("edge-1")])
        let host = try #require(prod.hosts[HostName("web-1")])
        #expect((host.region.text, host.zone.text, host.hostClass?.text) == ("eu", "a", "web"))
        #expect(prod.commit == String(repeating: "a", count: 40))
    }

    @Test("One file may hold a list of hosts, and one fabric needs not be named")
    func hostList() throws {
        let reading = ConfigurationReader.read(
            FileTree(texts: [
                "fabrics/dev.yaml": "fabric: dev\napply: manual\nlost-host-grace: 1m\nlost-hosts-max: 2\n",
                "hosts/all.yaml":
                    "hosts:\n- { host: a, address: 127.0.0.1 }\n- { host: b, address: \"::1\", memory: 1GiB }\n",
            ]), commit: "0")
        #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
        let dev = try reading.configuration(of: FabricName("dev"))
        #expect(dev.hosts.count == 2)
        #expect(dev.policy == FabricPolicy(apply: .manual, lostHostGrace: .minutes(1), lostHostsMax: .count(2)))
        #expect(try dev.hosts[HostName("b")]?.memory == .mebibytes(1024))
    }

    @Test(
        "A balancer's engine is one of those that are known",
        arguments: [
            ("", []), ("engine: haproxy", []), ("engine: nginx", []), ("engine: apache", ["value.unknown"]),
            ("engine: NGINX", ["value.unknown"]), ("engine: \"nginx;\"", ["value.unknown"]),
        ])
    func engine(_ line: String, _ codes: [String]) throws {
        let reading = ConfigurationReader.read(
            FileTree(texts: [
                "fabrics/dev.yaml": "fabric: dev\n", "hosts/a.yaml": "host: a\naddress: 127.0.0.1\n",
                "balancers/edge.yaml": "balancer: edge\n\(line)\non: { hosts: [a] }\nlisten: 8080\n",
            ]), commit: "0")
        #expect(reading.errors.map(\.code) == codes, "\(reading.diagnostics)")
        guard codes.isEmpty else { return }
        let edge = try reading.configuration(of: FabricName("dev")).balancers[BalancerName("edge")]
        #expect(edge?.engine == (line.hasSuffix("nginx") ? .nginx : .haproxy))
    }

    @Test(
        "How long an instance may take to drain is read, and bounded",
        arguments: [
            ("0s", 0), ("1500ms", 1500), ("1h", 3_600_000), ("61m", nil), ("-1s", nil), ("soon", nil), ("[1s]", nil),
            ("99999999999999999999h", nil),
        ] as [(String, Int64?)])
    func drain(_ text: String, _ milliseconds: Int64?) throws {
        let reading = Sample.read(
            app: "app: shop\nsource: { path: src/shop }\nbuild: files\nprocesses: { web: { run: bin/web $PORT } }\n"
                + "rollout: { drain: \(text) }\n")
        #expect(reading.errors.isEmpty == (milliseconds != nil), "\(reading.diagnostics)")
        guard let milliseconds else { return }
        let app = try #require(try Sample.prod(reading).apps[AppName("shop")])
        #expect(app.rollout.drain.milliseconds == milliseconds)
    }

    @Test("Every key of a process is read")
    func process() throws {
        let reading = Sample.read(
            app: """
                app: shop
                x-owner: the shop team
                source: { path: src/shop }
                build: { script: bin/build, output: dist }
                environment: { LEVEL: 3, EMPTY: "", SWITCH: yes }
                processes:
                  site: { files: public/, instances: 0 }
                  job:
                    run: bin/job --level $LEVEL
                    instances: 2
                    health: { command: bin/probe $LEVEL, interval: 5s, timeout: 3s, failures: 2, startup: 2m }
                    memory: 1GiB
                    cpu: 200
                    max-files: 4096
                    stop: { signal: INT, timeout: 20s }
                    on: { class: web, labels: { role: web } }
                    replace: beside
                    phases: { configure: bin/migrate }
                rollout: { strategy: all-at-once, parallel: 3, warm: 5m, automatic-rollback: false, packages-kept: 9 }
                """)
        // Staging has no host of class web.
        #expect(reading.diagnostics.map(\.code) == ["placement.none"])
        let only = Sample.read([
            "apps/shop.yaml": """
            app: shop
            source: { path: src/shop }
            build: { script: bin/build, output: dist }
            processes:
              job:
                run: bin/job
                instances: { prod: 2 }
                stop: { signal: INT, timeout: 20s }
                on: { class: web, labels: { role: web } }
                phases: { configure: bin/migrate }
            rollout: { strategy: all-at-once, automatic-rollback: false }
            """, "src/shop/main.py": "", "templates/a": "",
        ])
        #expect(only.diagnostics.isEmpty, "\(only.diagnostics)")
        let app = try #require(try Sample.prod(only).apps[AppName("shop")])
        #expect(app.build == .script(path: "bin/build", output: "dist"))
        #expect(app.rollout == RolloutPolicy(strategy: .allAtOnce, automaticRollback: false))
        let job = try #require(app.processes[ProcessName("job")])
        #expect(job.stop == StopSpec(signal: .int, timeout: .seconds(20)))
        #expect(job.phases == [.configure: "bin/migrate"])
        #expect(job.placement == HostSelector(hostClass: try HostClassName("web"), labels: ["role": "web"]))
        #expect(try only.configuration(of: FabricName("staging")).apps.isEmpty)
    }

    @Test("An error anywhere gives no configuration, and says so as a problem")
    func invalid() throws {
        let reading = Sample.read(["apps/shop.yaml": "app: shop\n"])
        #expect(!reading.isValid)
        #expect(throws: Problem.self) { try reading.configuration(of: FabricName("staging")) }
        #expect(reading.fabrics.map(\.text) == ["prod", "staging"])
        let error = #expect(throws: Problem.self) { try Sample.read().configuration(of: FabricName("stagin")) }
        #expect(error?.code == "config.fabric-unknown")
    }

    @Test("Who uses a class, a template, a balancer")
    func users() throws {
        let reading = Sample.read(app: Sample.shop)
        #expect(reading.users(of: .hostClass(try HostClassName("web"))).map(\.user) == [.host(try HostName("web-1"))])
        #expect(reading.users(of: .template("templates/config.json")).map(\.user) == [.app(try AppName("shop"))])
        #expect(reading.users(of: .host(try HostName("edge-1"))).map(\.user) == [.balancer(try BalancerName("edge"))])
    }

    @Test(
        "Names, addresses, paths and hosts that mean something elsewhere are refused where they enter",
        arguments: [
            "routes: [{ host: \"a b\", to: web }]", "routes: [{ host: \"a\\nb\", to: web }]",
            "routes: [{ host: \"a\\\"b\", to: web }]", "routes: [{ host: \"a#b\", to: web }]",
            "routes: [{ host: \"a{b}\", to: web }]", "routes: [{ host: \"a*.b\", to: web }]",
            "routes: [{ host: \"a..b\", to: web }]", "routes: [{ host: \"-a\", to: web }]",
            "routes: [{ path: x, to: web }]", "routes: [{ path: \"/a b\", to: web }]",
            "routes: [{ path: \"/a\\nb\", to: web }]", "routes: [{ path: \"/a#b\", to: web }]",
            "routes: [{ path: \"/a;b\", to: web }]", "routes: [{ path: \"/../b\", to: web }]",
            "routes: [{ cors: \"https://a\", to: web }]", "routes: [{ cors: \"a:99999\", to: web }]",
            "routes: [{ cors: \"*.a.b\", to: web }]",
            "routes: [{ to: \"we\\u202Eb\" }]", "environment: { lower: 1 }", "environment: { \"A=B\": 1 }",
            "environment: { A: \"x\\0y\" }", "environment: { PORT: 1 }", "config: { ../x: templates/config.json }",
            "config: { /etc/passwd: templates/config.json }", "config: { a: ../templates/config.json }",
            "config: { a: /etc/passwd }", "config: { .git/x: templates/config.json }",
        ])
    func refusedText(_ line: String) {
        let reading = Sample.read(
            app: """
                app: shop
                source: { path: src/shop }
                build: files
                processes: { web: { run: serve $PORT } }
                \(line)
                """)
        #expect(reading.errors.count == 1, "\(reading.diagnostics)")
        #expect(reading.errors.first?.position.line == 5)
    }

    @Test(
        "Sources that could run a program are refused",
        arguments: [
            "ext::sh -c true", "\"ext::sh\"", "--upload-pack=x", "http://a/b", "ftp://a/b", "../shop.git",
            "ssh://-oProxyCommand=x/y", "-a@b:c", "a@-b:c", "\"fd::17\"", "file://host/x",
        ])
    func refusedSource(_ url: String) {
        let reading = Sample.read(
            app: "app: shop\nsource: { git: \(url) }\nbuild: files\nprocesses: { web: { files: . } }\n")
        #expect(reading.errors.map(\.code) == ["git.location-invalid"], "\(reading.diagnostics)")
    }

    @Test(
        "Addresses must be ones that a host can have",
        arguments: ["localhost", "10.0.0", "0.0.0.0", "::", "224.0.0.1", "010.0.0.1", "fe80::1%eth0", "1.2.3.4:80"])
    func addresses(_ address: String) {
        let reading = Sample.read(["hosts/web-1.yaml": "host: web-1\nfabric: prod\naddress: \"\(address)\"\nzone: a\n"])
        #expect(reading.errors.map(\.code) == ["address.invalid"])
    }

    @Test("A name of 64 KB is refused with a short message")
    func longName() {
        let name = String(repeating: "a", count: 64 << 10)
        let reading = Sample.read(["hosts/web-1.yaml": "host: \(name)\nfabric: prod\naddress: 10.0.0.1\nzone: a\n"])
        #expect(reading.errors.map(\.code) == ["name.invalid"])
        #expect("\(reading.errors[0])".utf8.count < 1000)
    }
}
