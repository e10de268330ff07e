import ConfigRepository
import Core

/// The smallest repository that is valid, for tests to change one thing of.
enum Sample {
    static let base = [
        "fabrics/prod.yaml": "fabric: prod\nregions: { eu: [a, b] }\n",
        "fabrics/staging.yaml": "fabric: staging\n",
        "classes/web.yaml": "class: web\nversion: 3\nlabels: { role: web }\n",
        "hosts/web-1.yaml": "host: web-1\nfabric: prod\nclass: web@3\naddress: 10.0.0.1\nzone: a\n",
        "hosts/stage-1.yaml": "host: stage-1\nfabric: staging\naddress: 10.1.0.1\n",
        "hosts/edge-1.yaml":
            "host: edge-1\nfabric: [prod, staging]\naddress: 10.0.0.9\nzone: b\nlabels: { role: edge }\n",
        "balancers/edge.yaml": "balancer: edge\non: { hosts: [edge-1] }\nlisten: [{ port: 80 }]\n",
    ]

    static let shop = """
        app: shop
        source: { git: https://git.example/shop.git, ref: main }
        build: python
        processes:
          web:
            run: gunicorn shop:app --bind $HOST:$PORT
            health: { http: /healthz }
            memory: 256MiB
            instances: { prod: 4, staging: 1 }
          worker:
            run: python worker.py
            instances: { prod: 2, staging: 1 }
        config:
          config.json: templates/config.json
        routes:
          - { host: shop.example.com, to: web, cors: example.com }
        rollout: { strategy: rolling, batch: 25% }

        """

    static func read(_ changes: [String: String] = [:], commit: String = String(repeating: "a", count: 40))
        -> ConfigurationReading
    {
        ConfigurationReader.read(FileTree(texts: base.merging(changes) { $1 }), commit: commit)
    }

    /// Reads a single app beside the base.
    static func read(app: String) -> ConfigurationReading {
        read(["apps/shop.yaml": app, "templates/config.json": "{}", "src/shop/main.py": ""])
    }

    static func prod(_ reading: ConfigurationReading) throws -> FabricConfiguration {
        try reading.configuration(of: FabricName("prod"))
    }
}
