import Testing

/// What a target may import besides the standard library: ours, and what is quarantined in it.
/// The compiler refuses what Package.swift does not list; this table keeps Package.swift honest.
private let layers: [String: Set<String>] = [
    "Core": [],
    "Wire": ["Core"],
    "ConfigRepository": ["Core", "Logs", "Telemetry"],
    "Packages": ["Core", "CZstd"],
    "Agent": ["Core", "Wire", "Packages", "Logs", "Telemetry", "CShim"],
    "ControlPlane": ["Core", "Wire", "ConfigRepository", "Packages", "Logs", "Telemetry"],
    "Server": ["ControlPlane", "Wire", "Core", "Logs", "Telemetry"],
    "Simulation": ["Core"],
    "Commands": ["Wire", "ConfigRepository", "Logs", "Packages", "Core", "Simulation", "Telemetry"],
    "Telemetry": ["CTelemetry", "CZstd"],
    "Logs": ["CPCRE2", "CZstd", "Telemetry"],
    "CloudAWS": ["ControlPlane", "Core", "Packages"],
    "TestSupport": [
        "Core", "Wire", "ConfigRepository", "Packages", "Agent", "ControlPlane", "Server", "Commands", "Logs",
        "Telemetry",
        "CloudAWS", "Simulation",
    ],
    "TestPrograms": [],
    "apus": [
        "Core", "Wire", "ConfigRepository", "Packages", "Agent", "ControlPlane", "Server", "Commands", "Logs",
        "Telemetry",
        "CloudAWS", "CShim",
    ],
]

/// Dependencies that only some rooms may know.
private let quarantine: [String: Set<String>] = [
    "Yams": ["ConfigRepository"],
    "GRDB": ["ControlPlane"],
    "Stencil": ["ControlPlane"],
    "Hummingbird": ["Server"],
    "ArgumentParser": ["Commands", "apus"],
    "AsyncHTTPClient": ["Wire", "Agent", "ControlPlane", "CloudAWS"],
    "CPCRE2": ["Logs"],
    "CZstd": ["Logs", "Packages", "Telemetry"],
    "CTelemetry": ["Telemetry"],
    "CShim": ["apus", "Agent"],
]

@Suite("Layers")
struct LayerTests {
    private let tree: Tree

    init() throws { tree = try Tree() }

    @Test("a target imports only the rooms that the design gives it")
    func rooms() {
        for file in tree.sources {
            let target = String(file.path.split(separator: "/")[1])
            guard let allowed = layers[target] else {
                Issue.record("\(file.path): the target \(target) is not in the table of layers")
                continue
            }
            for module in SourceText(file.text).imports
            where layers[module] != nil || module == "CShim" || module == "CZstd" {
                #expect(allowed.contains(module) || module == target, "\(file.path) imports \(module)")
            }
        }
    }

    @Test("a quarantined dependency stays in its room")
    func quarantined() {
        for file in tree.sources {
            let target = String(file.path.split(separator: "/")[1])
            for module in SourceText(file.text).imports {
                guard let rooms = quarantine[module] else { continue }
                #expect(rooms.contains(target), "\(file.path) imports \(module)")
            }
        }
    }

    @Test("Core is pure: no Foundation, no input or output, no clock, no randomness, no async")
    func core() {
        let modules: Set = [
            "OrderedCollections", "Collections", "DequeModule", "HeapModule", "BitCollections", "HashTreeCollections",
        ]
        let words: Set = [
            "async", "await", "Task", "actor", "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator",
            "print",
            "random", "shuffled", "randomElement",
        ]
        for file in tree.sources where file.path.hasPrefix("Sources/Core/") {
            let source = SourceText(file.text)
            for module in source.imports { #expect(modules.contains(module), "\(file.path) imports \(module)") }
            for (number, line) in source.lines.enumerated() {
                for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
                    // Drawing from a generator that was handed in is pure.
                    if line.contains("using: &") { continue }
                    #expect(!words.contains(String(word)), "\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }
}
