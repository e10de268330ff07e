/// What `apus init` writes: a small configuration repository that works on a laptop as it is.
package enum StarterRepository {
    /// Texts by path.
    package static let files: [String: String] = [
        "README.md": readme,
        "fabrics/dev.yaml": fabric,
        "classes/web.yaml": hostClass,
        "hosts/local.yaml": hosts,
        "balancers/edge.yaml": balancer,
        "apps/hello.yaml": app,
        "templates/hello.json": template,
        "src/hello/server.py": server,
    ]

    private static let readme = """
        # What we run

        This repository says what should run where. Apus makes it so, and keeps it so.

        | folder | holds |
        | --- | --- |
        | `fabrics/` | environments: `dev` here, `prod` and `staging` later |
        | `classes/` | kinds of hosts |
        | `hosts/` | hosts and their addresses; here four agents on this machine |
        | `balancers/` | where requests come in |
        | `apps/` | what runs |
        | `templates/` | config files of apps |
        | `src/` | an app's source; most apps have a repository of their own |

        Try it:

            git init && git add . && git commit -m "Start"
            apus validate
            apus dev .
            curl http://127.0.20.10:8080/

        Then change the greeting in `templates/hello.json`, commit, and look again.
        Mistakes are shown with file, line and a hint: `apus validate` finds all of them at once.

        """

    private static let fabric = """
        fabric: dev
        regions:
          local: [a, b]
        # A commit is carried out by itself. With `manual` it waits for `apus apply`.
        apply: automatic

        """

    private static let hostClass = """
        class: web
        version: 1
        labels: { role: web }

        """

    private static let hosts = """
        # Local hosts: each is an agent with its own loopback address and root folder.
        hosts:
          - { host: web-1, class: web@1, address: 127.0.20.1, zone: a }
          - { host: web-2, class: web@1, address: 127.0.20.2, zone: b }
          - { host: web-3, class: web@1, address: 127.0.20.3, zone: a }
          - { host: edge-1, address: 127.0.20.10, zone: a, labels: { role: edge } }

        """

    private static let balancer = """
        balancer: edge
        on: { labels: { role: edge } }
        listen:
          - { port: 8080 }
        statistics: 8404

        """

    private static let app = """
        app: hello
        source: { path: src/hello }
        build: files
        processes:
          web:
            run: python3 server.py $HOST $PORT
            health: { http: /healthz }
            memory: 64MiB
            instances: { dev: 3 }
            on: { class: web }
        config:
          config.json: templates/hello.json
        routes:
          - { path: /, to: web }
        rollout: { strategy: rolling, batch: 1 }

        """

    private static let template = """
        { "greeting": "Hello from Apus" }

        """

    private static let server = #"""
        """Answers every request with a greeting: the smallest app that a balancer can look after."""
        import json
        import signal
        import sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        with open("config.json") as file:
            GREETING = json.load(file)["greeting"]


        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are written one after the other: the second must not wait for an acknowledgement.
            disable_nagle_algorithm = True

            def do_GET(self):
                text = "ok" if self.path == "/healthz" else f"{GREETING}, instance at {sys.argv[1]}"
                body = (text + "\n").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)


        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()

        """#
}
