// swift-tools-version:6.2
import PackageDescription

/// A package of its own, so that nobody who builds Apus builds it. `Sources/Core` and others
/// are links to Apus's own, because `package` access ends at the package.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What Core rounds with; programs that link Foundation have it from there.
let math = LinkerSetting.linkedLibrary("m", .when(platforms: [.linux]))

let package = Package(
    name: "apus-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    ],
    targets: [
        .target(
            name: "Core", dependencies: [.product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: settings),
        .executableTarget(name: "measure", dependencies: ["Core"], swiftSettings: settings, linkerSettings: [math]),
        .target(name: "Simulation", dependencies: ["Core"], swiftSettings: settings),
        .executableTarget(
            name: "simulate", dependencies: ["Core", "Simulation"], swiftSettings: settings, linkerSettings: [math]),
        .executableTarget(name: "scale", dependencies: ["Core"], swiftSettings: settings, linkerSettings: [math]),
        // A statsd by itself, and who sends to it and to its peers.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CTelemetry", linkerSettings: [.linkedLibrary("z")]),
        .target(
            name: "Telemetry",
            dependencies: ["CTelemetry", "CZstd", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .executableTarget(name: "statsd", dependencies: ["Telemetry"], swiftSettings: settings, linkerSettings: [math]),
        .executableTarget(name: "blast"),
        // Its `Disk` is a link to the agent's own.
        .executableTarget(
            name: "switch", dependencies: ["Core", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings, linkerSettings: [math]),
        // A store of series, filled and queried.
        .executableTarget(
            name: "series", dependencies: ["Telemetry", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings, linkerSettings: [math]),
        // A store of lines, filled and searched.
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .target(
            name: "Logs",
            dependencies: ["CPCRE2", "CZstd", "Telemetry", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .executableTarget(
            name: "logstore",
            dependencies: ["Logs", "Telemetry", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings, linkerSettings: [math]),
        // An agent's way of a file's lines, without an agent.
        .executableTarget(
            name: "collect",
            dependencies: ["Logs", "Telemetry", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings, linkerSettings: [math]),
        // Graphite's engine over series that cost nothing to read.
        .executableTarget(
            name: "graphite", dependencies: ["Telemetry"], swiftSettings: settings, linkerSettings: [math]),
        // Lines parsed into batches.
        .executableTarget(name: "lines", dependencies: ["Logs"], swiftSettings: settings, linkerSettings: [math]),
    ]
)
