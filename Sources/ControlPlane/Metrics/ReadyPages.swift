package import Core
package import Telemetry

/// Pages of charts that are there without anybody having written them.
package enum ReadyPages {
    /// Those that a fabric has, in the order in which they are shown.
    package static func all(_ configuration: FabricConfiguration) -> [Dashboard] {
        [fabric(configuration)]
            + configuration.balancers.keys.sorted().map(balancer)
            + configuration.classes.keys.sorted().map { hostClass($0, configuration) } + [server]
    }

    /// The fabric at a glance.
    package static func fabric(_ configuration: FabricConfiguration) -> Dashboard {
        let balancers = configuration.balancers.isEmpty
        return Dashboard(
            name: "fabric", title: "Fabric \(configuration.fabric)",
            rows: (balancers
                ? []
                : [
                    Dashboard.Row(
                        title: "Requests",
                        panels: [
                            .init(
                                title: "Requests by app", kind: .stacked,
                                targets: ["groupByNode(balancers.*.*.*.*.requests,3,'sum')"], unit: .perSecond),
                            .init(
                                title: "Latency, 99 of 100",
                                targets: ["aliasByNode(balancers.*.*.*.*.latency.p99,3,4)"],
                                unit: .milliseconds),
                            .init(
                                title: "Failures: 5xx and no answer",
                                targets: [
                                    "alias(sumSeries(balancers.*.*.*.*.answers.5xx),'5xx')",
                                    "alias(sumSeries(balancers.*.*.*.*.errors),'no answer')",
                                ], unit: .perSecond),
                            .init(
                                title: "Waiting", targets: ["aliasByNode(balancers.*.*.*.*.queue,1,3)"]),
                        ])
                ])
                + [
                    Dashboard.Row(
                        title: "Hosts",
                        panels: [
                            .init(
                                title: "Processor", targets: ["aliasByNode(hosts.*.cpu.used,1)"], unit: .percent,
                                range: ChartRange(lower: 0, upper: 100)),
                            .init(title: "Load", targets: ["aliasByNode(hosts.*.load.1,1)"]),
                            .init(
                                title: "Memory available", targets: ["aliasByNode(hosts.*.memory.available,1)"],
                                unit: .bytes, range: ChartRange(lower: 0)),
                            .init(
                                title: "Network in and out",
                                targets: [
                                    "alias(sumSeries(hosts.*.net.*.received_bytes),'in')",
                                    "alias(sumSeries(hosts.*.net.*.sent_bytes),'out')",
                                ], unit: .bytesPerSecond),
                        ])
                ])
    }

    package static func host(_ host: HostName) -> Dashboard {
        let path = "hosts.\(host.node)"
        return Dashboard(
            name: "host-\(host)", title: "Host \(host)",
            rows: [
                Dashboard.Row(
                    title: "Charts",
                    panels: [
                        .init(
                            title: "Processor", kind: .stacked,
                            targets: ["aliasByNode(\(path).cpu.{user,system,iowait,steal,softirq,nice},3)"],
                            unit: .percent, range: ChartRange(lower: 0)),
                        .init(
                            title: "Memory",
                            targets: ["aliasByNode(\(path).memory.{used,available,cached},3)"], unit: .bytes,
                            range: ChartRange(lower: 0)),
                        .init(title: "Load", targets: ["aliasByNode(\(path).load.*,3)"]),
                        .init(
                            title: "Pressure: time that something waited",
                            targets: ["aliasByNode(\(path).pressure.*.some,3)"], unit: .percent),
                        .init(
                            title: "Disks",
                            targets: [
                                "aliasByNode(\(path).disk.*.read_bytes,3,4)",
                                "aliasByNode(\(path).disk.*.written_bytes,3,4)",
                            ], unit: .bytesPerSecond),
                        .init(
                            title: "Space free", targets: ["aliasByNode(\(path).filesystem.*.available,3)"],
                            unit: .bytes,
                            range: ChartRange(lower: 0)),
                        .init(
                            title: "Network",
                            targets: [
                                "aliasByNode(\(path).net.*.received_bytes,3,4)",
                                "aliasByNode(\(path).net.*.sent_bytes,3,4)",
                            ], unit: .bytesPerSecond),
                        .init(
                            title: "Network: errors, drops, retransmits",
                            targets: [
                                "aliasByNode(\(path).net.*.{received,sent}_{errors,drops},3,4)",
                                "aliasByNode(\(path).tcp.retransmits,3)",
                            ], unit: .perSecond),
                    ])
            ])
    }

    package static func app(_ app: AppName) -> Dashboard {
        Dashboard(
            name: "app-\(app)", title: "App \(app)",
            rows: [
                Dashboard.Row(
                    title: "Charts",
                    panels: [
                        .init(
                            title: "Requests", kind: .stacked,
                            targets: ["groupByNode(balancers.*.*.\(app).*.requests,4,'sum')"], unit: .perSecond),
                        .init(
                            title: "Latency",
                            targets: [
                                "alias(maxSeries(balancers.*.*.\(app).*.latency.p99),'p99')",
                                "alias(maxSeries(balancers.*.*.\(app).*.latency.p50),'p50')",
                            ], unit: .milliseconds),
                        .init(
                            title: "Latency: answers within", kind: .heatmap,
                            targets: [latencies("balancers.*.*.\(app).*", node: 7)], unit: .milliseconds),
                        .init(
                            title: "Failures",
                            targets: [
                                "alias(sumSeries(balancers.*.*.\(app).*.answers.5xx),'5xx')",
                                "alias(sumSeries(balancers.*.*.\(app).*.errors),'no answer')",
                            ], unit: .perSecond),
                        .init(
                            title: "Processor by instance", kind: .hosts,
                            targets: ["aliasByNode(apps.\(app).*.*.cpu.user,2,3)"], unit: .percent),
                        .init(
                            title: "Memory by instance", targets: ["aliasByNode(apps.\(app).*.*.memory,2,3)"],
                            unit: .bytes, range: ChartRange(lower: 0)),
                        .init(
                            title: "Restarts", targets: ["aliasByNode(apps.\(app).*.*.restarts,2,3)"]),
                    ])
            ])
    }

    package static func instance(_ id: InstanceID) -> Dashboard {
        let path = "apps.\(id.app).\(id.process).\(id.slot)"
        return Dashboard(
            name: "instance-\(id)", title: "Instance \(id)",
            rows: [
                Dashboard.Row(
                    title: "Charts",
                    panels: [
                        .init(title: "Processor", targets: ["aliasByNode(\(path).cpu.*,5)"], unit: .percent),
                        .init(
                            title: "Memory", kind: .area, targets: ["alias(\(path).memory,'memory')"], unit: .bytes,
                            range: ChartRange(lower: 0)),
                        .init(
                            title: "Threads and descriptors",
                            targets: ["aliasByNode(\(path).{threads,descriptors},4)"]),
                    ])
            ])
    }

    package static func balancer(_ balancer: BalancerName) -> Dashboard {
        let path = "balancers.\(balancer)"
        return Dashboard(
            name: "balancer-\(balancer)", title: "Balancer \(balancer)",
            rows: [
                Dashboard.Row(
                    panels: [
                        .init(
                            title: "Requests by app", kind: .stacked,
                            targets: ["groupByNode(\(path).*.*.*.requests,3,'sum')"], unit: .perSecond),
                        .init(
                            title: "Requests by host", targets: ["groupByNode(\(path).*.*.*.requests,2,'sum')"],
                            unit: .perSecond),
                        .init(
                            title: "Latency, 99 of 100", targets: ["aliasByNode(\(path).*.*.*.latency.p99,2,3,4)"],
                            unit: .milliseconds),
                        .init(
                            title: "Latency: answers within", kind: .heatmap,
                            targets: [latencies("\(path).*.*.*", node: 7)], unit: .milliseconds),
                        .init(
                            title: "Answers", kind: .stacked,
                            targets: ["groupByNode(\(path).*.*.*.answers.*,6,'sum')"], unit: .perSecond),
                        .init(
                            title: "Retries and errors",
                            targets: [
                                "alias(sumSeries(\(path).*.*.*.retries),'retries')",
                                "alias(sumSeries(\(path).*.*.*.errors),'errors')",
                            ], unit: .perSecond),
                        .init(
                            title: "Waiting, and in progress",
                            targets: [
                                "alias(sumSeries(\(path).*.*.*.queue),'waiting')",
                                "alias(sumSeries(\(path).*.*.*.sessions),'in progress')",
                            ]),
                    ])
            ])
    }

    /// Buckets as a heat map reads them: `le=100` is what was answered within 100 ms.
    private static func latencies(_ path: String, node: Int) -> String {
        "aliasSub(groupByNode(\(path).latency.below.*,\(node),'sum'),'^','le=')"
    }

    /// Hosts of a class side by side: the one that differs stands out.
    package static func hostClass(_ name: HostClassName, _ configuration: FabricConfiguration) -> Dashboard {
        let hosts = configuration.hosts.values.filter { $0.hostClass == name }.map(\.name.node).sorted()
        let all = "hosts.{\(hosts.joined(separator: ","))}"
        func panel(_ title: String, _ figure: String, _ unit: ChartUnit) -> Dashboard.Panel {
            .init(title: title, kind: .hosts, targets: ["aliasByNode(\(all).\(figure),1)"], unit: unit, width: 12)
        }
        return Dashboard(
            name: "class-\(name)", title: "Hosts of class \(name), side by side",
            rows: hosts.isEmpty
                ? []
                : [
                    Dashboard.Row(
                        panels: [
                            panel("Processor", "cpu.used", .percent), panel("Load", "load.1", .none),
                            panel("Memory available", "memory.available", .bytes),
                            .init(
                                title: "Network: errors and drops", kind: .hosts,
                                targets: ["groupByNode(\(all).net.*.{received,sent}_{errors,drops},1,'sum')"],
                                unit: .perSecond,
                                width: 12), panel("TCP retransmits", "tcp.retransmits", .perSecond),
                        ])
                ])
    }

    /// Apus itself.
    package static let server = Dashboard(
        name: "server", title: "Apus itself",
        rows: [
            Dashboard.Row(
                panels: [
                    .init(
                        title: "Processor of the server",
                        targets: ["alias(scale(perSecond(apus.server.cpu.seconds),100),'processor')"], unit: .percent),
                    .init(
                        title: "Memory of the server", targets: ["alias(apus.server.memory.resident,'resident')"],
                        unit: .bytes, range: ChartRange(lower: 0)),
                    .init(title: "Series", targets: ["alias(apus.server.metrics.series,'series')"]),
                    .init(
                        title: "Points taken and refused",
                        targets: [
                            "alias(perSecond(apus.server.metrics.points),'taken')",
                            "alias(perSecond(apus.server.metrics.refused),'refused')",
                        ], unit: .perSecond),
                    .init(
                        title: "Bytes of metrics", kind: .stacked,
                        targets: ["aliasByNode(apus.server.metrics.bytes.*,4)"], unit: .bytes),
                    .init(
                        title: "Hosts",
                        targets: [
                            "alias(apus.server.hosts.connected,'connected')", "alias(apus.server.hosts.known,'known')",
                        ]
                    ),
                ])
        ])
}
