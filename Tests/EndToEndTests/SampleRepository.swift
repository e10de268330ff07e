import FoundationEssentials
import Glibc
import SystemPackage

/// Files of a configuration repository: an edge host, some hosts for apps, and an app `demo`
/// that is a small program of its own.
struct SampleRepository {
    /// What the program does once it runs.
    enum Behaviour: String {
        case well
        case exits
        case neverHealthy
        case turnsUnhealthy
        /// It is well, and every third request fails.
        case failsRequests
    }

    /// The first of the loopback addresses, the edge's: 127.0.30.BASE. The others follow.
    let base: Int
    let edgePort: Int
    var webHosts = 2
    var instances = 2
    var batch = "1"
    /// More of the app's rollout.
    var rollout = "settle: 500ms"
    /// More of the app's processes.
    var processes = ""
    var policy = ""
    var engine = "haproxy"
    var grace = "30s"
    /// The hosts' addresses, the edge's first, when they are not of the loopback network.
    var addresses: [String] = []

    /// - Parameter base: a number that no other test has.
    init(base: Int) throws {
        self.base = base
        edgePort = try freePort("127.0.30.\(base)")
    }

    /// The edge's address for 0, those of web-1, web-2… for the numbers above.
    func address(_ number: Int) -> String {
        addresses.isEmpty ? "127.0.30.\(base + number)" : addresses[number]
    }

    /// - Parameter host: `edge-1`, `web-1`…
    func address(ofHost host: String) -> String { address(host == "edge-1" ? 0 : Int(host.dropFirst(4)) ?? 0) }

    var edge: String { "http://\(address(0)):\(edgePort)" }

    var files: [String: String] {
        var hosts = "hosts:\n  - { host: edge-1, address: \(address(0)), labels: { role: edge } }\n"
        for number in 1...webHosts {
            hosts += "  - { host: web-\(number), address: \(address(number)), labels: { role: web } }\n"
        }
        return [
            "fabrics/dev.yaml": "fabric: dev\nlost-host-grace: \(grace)\n\(policy)",
            "hosts/fleet.yaml": hosts,
            "balancers/edge.yaml":
                "balancer: edge\nengine: \(engine)\non: { labels: { role: edge } }\nlisten: \(edgePort)\n",
            "apps/demo.yaml": app("demo"),
            "src/demo/app.py": Self.program(version: 1),
        ]
    }

    func app(_ name: String, instances: Int? = nil) -> String {
        """
        app: \(name)
        source: { path: src/\(name) }
        build: files
        processes:
          web:
            run: python3 app.py $HOST $PORT
            on: { labels: { role: web } }
            instances: \(instances ?? self.instances)
            health: { http: /healthz, interval: 200ms, failures: 2, startup: 3s }
            stop: { timeout: 5s }
        \(processes)
        routes:
          - { host: \(name).localhost, path: /, to: web }
        rollout: { batch: \(batch), warm: 10m, \(rollout) }

        """
    }

    /// A web program of the standard library alone. It finishes what it has begun when it is
    /// asked to stop.
    static func program(version: Int, _ behaviour: Behaviour = .well) -> String {
        """
        import http.server, signal, sys, threading, time

        VERSION, BEHAVIOUR = "\(version)", "\(behaviour.rawValue)"
        BEGAN = time.monotonic()

        if BEHAVIOUR == "exits":
            print("version", VERSION, "cannot start", flush=True)
            sys.exit(1)

        def is_well():
            if BEHAVIOUR == "turnsUnhealthy":
                return time.monotonic() < BEGAN + 0.5
            return BEHAVIOUR in ("well", "failsRequests")

        asked = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                global asked
                asked += self.path != "/healthz"
                is_refused = self.path == "/healthz" and not is_well()
                is_broken = BEHAVIOUR == "failsRequests" and self.path != "/healthz" and asked % 3 == 0
                body = b"no\\n" if is_refused else f"version {VERSION}\\n".encode()
                self.send_response(503 if is_refused else 500 if is_broken else 200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Shop-Version", VERSION)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print("version", VERSION, "serves", flush=True)
        server.serve_forever()

        """
    }
}

/// A port that was free a moment ago.
func freePort(_ address: String = "127.0.0.1") throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, address, &name.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &name) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            guard bind(descriptor, $0, size) == 0, getsockname(descriptor, $0, &size) == 0 else {
                throw Trouble(description: "\(address): \(Errno(rawValue: errno))")
            }
        }
    }
    return Int(UInt16(bigEndian: name.sin_port))
}
