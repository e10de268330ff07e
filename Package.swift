// swift-tools-version:6.2
import PackageDescription

/// Every target is compiled alike: Swift 6 mode, explicit existentials, explicit member
/// visibility, internal imports, and no warnings. The compiler keeps the layers: a target can
/// import only what it lists (bin/build adds `--explicit-target-dependency-import-check error`).
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioFoundationCompat = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let stencil = Target.Dependency.product(name: "Stencil", package: "Stencil")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "apus",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "apus", targets: ["apus"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/stencilproject/Stencil", from: "0.15.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Pure values and functions: the model, placement, delta, plans, rollouts, balancing.
        .target(name: "Core", dependencies: [heap], swiftSettings: settings),
        // What server, agents and CLI say to each other.
        .target(
            name: "Wire",
            dependencies: ["Core", asyncHTTPClient, httpTypes, nioCore, nioFoundationCompat, nioHTTP1, nioSSL],
            swiftSettings: settings),
        // Git and YAML to a desired model.
        .target(
            name: "ConfigRepository", dependencies: ["Core", "Logs", "Telemetry", yams, subprocess, systemPackage],
            swiftSettings: settings),
        // Build, sign, verify, store and unpack tarballs.
        .target(
            name: "Packages", dependencies: ["Core", "CZstd", crypto, subprocess, systemPackage],
            swiftSettings: settings),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // The small C program that holds an instance while its agent is away.
        .target(name: "CShim", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        // Engines that know nothing of fleets: time series, statsd, Graphite's queries, charts.
        .target(name: "Telemetry", dependencies: ["CTelemetry", "CZstd", systemPackage], swiftSettings: settings),
        .target(
            name: "CTelemetry", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("z")]),
        // Engines for lines of logs, which know nothing of fleets either: parsers, store, search.
        .target(name: "Logs", dependencies: ["CPCRE2", "CZstd", "Telemetry", systemPackage], swiftSettings: settings),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        // What runs on a host.
        .target(
            name: "Agent",
            dependencies: [
                "CShim", "Core", "Wire", "Packages", "Logs", "Telemetry", crypto, logging, nioCore, nioHTTP1, nioPosix,
                nioSSL, serviceLifecycle, subprocess, swiftASN1, systemPackage, unixSignals, x509, asyncHTTPClient,
            ],
            swiftSettings: settings),
        // The services that decide: state, orchestrator, builds, authority, sessions of agents.
        .target(
            name: "ControlPlane",
            dependencies: [
                "Core", "Wire", "ConfigRepository", "Packages", "Logs", "Telemetry", asyncHTTPClient, crypto, grdb,
                logging, nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS, serviceLifecycle, stencil, subprocess, swiftASN1,
                systemPackage, x509,
            ],
            swiftSettings: settings),
        // Amazon's cloud and what speaks like it: objects in S3.
        .target(
            name: "CloudAWS",
            dependencies: [
                "ControlPlane", "Core", "Packages", asyncHTTPClient, crypto, nioCore, nioFoundationCompat, nioHTTP1,
                systemPackage,
            ],
            swiftSettings: settings),
        // HTTP handlers and the dashboard.
        .target(
            name: "Server",
            dependencies: [
                "ControlPlane", "Core", "Logs", "Telemetry", "Wire", hummingbird, hummingbirdCore, hummingbirdTLS,
                httpTypes, logging, nioCore, nioSSL, serviceLifecycle,
            ],
            swiftSettings: settings),
        // The command line: a folder per noun, a file per verb.
        .target(
            name: "Commands",
            dependencies: [
                "Core", "Wire", "ConfigRepository", "Logs", "Packages", "Simulation", "Telemetry", argumentParser,
                crypto,
                systemPackage,
            ],
            swiftSettings: settings),
        // Main, and the wiring of each role by hand.
        .executableTarget(
            name: "apus",
            dependencies: [
                "Agent", "CShim", "CloudAWS", "Commands", "ConfigRepository", "ControlPlane", "Core", "Logs",
                "Packages",
                "Server", "Telemetry", "Wire", argumentParser, crypto, logging, nioCore, serviceLifecycle, subprocess,
                systemPackage, unixSignals,
            ],
            swiftSettings: settings),
        // Many agents in one process, to measure a server with; no product of ours ships it.
        .executableTarget(
            name: "crowd",
            dependencies: [
                "Agent", "ConfigRepository", "ControlPlane", "Core", "Packages", "Wire", argumentParser, crypto,
                nioCore,
                nioPosix, nioSSL, nioTLS, swiftASN1, systemPackage, x509,
            ],
            path: "Benchmarks/Crowd", swiftSettings: settings),
        // A whole fabric as a value, with faults and rules: for tests of the core and `apus simulate`.
        .target(name: "Simulation", dependencies: ["Core"], swiftSettings: settings),
        // What only tests use: scripts of what happens to a fabric.
        .target(name: "TestSupport", dependencies: ["Core", "Simulation"], swiftSettings: settings),
        .testTarget(
            name: "CoreTests", dependencies: ["Core", "Simulation", "TestSupport"], exclude: ["Scripts"],
            swiftSettings: settings),
        .testTarget(
            name: "CommandsTests",
            dependencies: ["Commands", "Core", "Wire", argumentParser, nioCore, nioHTTP1, nioPosix],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "ConfigRepositoryTests",
            dependencies: ["ConfigRepository", "Core", "Logs", subprocess, systemPackage],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "PackagesTests",
            dependencies: [
                "CloudAWS", "ControlPlane", "Logs", "Packages", "Core", "Telemetry", asyncHTTPClient, crypto, logging,
                nioCore, nioHTTP1, systemPackage,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "StateTests", dependencies: ["ControlPlane", "Core", "Wire", grdb, logging], swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", systemPackage], exclude: ["Golden"],
            swiftSettings: settings),
        .testTarget(name: "LogsTests", dependencies: ["Logs", "Telemetry", systemPackage], swiftSettings: settings),
        .testTarget(name: "AccessTests", dependencies: ["ControlPlane", "Core", "Wire"], swiftSettings: settings),
        .testTarget(name: "ReleasesTests", dependencies: ["ControlPlane", "Core", "Wire"], swiftSettings: settings),
        .testTarget(name: "WireTests", dependencies: ["Core", "Wire", nioCore], swiftSettings: settings),
        // Webhooks, with a receiver on a real socket.
        .testTarget(
            name: "NotificationTests",
            dependencies: [
                "ControlPlane", "Core", "TestSupport", "Wire", crypto, logging, nioCore, nioHTTP1, nioPosix,
                systemPackage,
            ],
            swiftSettings: settings),
        // Agents' connections, both ends of them, over real sockets.
        .testTarget(
            name: "AgentGatewayTests",
            dependencies: [
                "Agent", "ControlPlane", "Core", "Wire", crypto, logging, nioCore, nioPosix, nioSSL, serviceLifecycle,
                systemPackage,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "ControlPlane", "Core", "Logs", "Packages", "Server", "Simulation", "Telemetry", "Wire",
                asyncHTTPClient, httpTypes,
                logging, nioCore, nioHTTP1, serviceLifecycle, subprocess, systemPackage,
            ],
            swiftSettings: settings),
        // What the compiler cannot hold: style, layers, documentation.
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .testTarget(
            name: "CoreBalancingTests", dependencies: ["Core"], exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "BalancerTests",
            dependencies: ["Agent", "Core", "Logs", logging, serviceLifecycle, subprocess, systemPackage],
            exclude: ["backend.py", "post.lua"],
            swiftSettings: settings),
        // The real program, as people run it: servers, agents, commands and HAProxy.
        .testTarget(
            name: "EndToEndTests", dependencies: ["Core", "Wire", "apus", systemPackage], swiftSettings: settings),
        .testTarget(
            name: "AgentTests",
            dependencies: [
                "Agent", "Core", "Logs", "apus", nioCore, nioPosix, serviceLifecycle, subprocess, systemPackage,
            ],
            swiftSettings: settings),
    ]
)
