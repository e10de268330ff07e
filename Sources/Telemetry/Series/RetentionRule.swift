/// How the series whose names match are kept.
package struct RetentionRule: Hashable, Sendable {
    /// A glob over the whole name: `*` stays within a node of the path, `**` does not.
    package var pattern: String
    /// From fine to coarse; never empty.
    package var archives: [Archive]
    /// How points become coarser ones; nil is by the name's end.
    package var consolidation: Consolidation?
    /// The least share of points that must be there for a coarser one, 0…1.
    package var xFilesFactor: Double

    package init(
        pattern: String, archives: [Archive], consolidation: Consolidation? = nil, xFilesFactor: Double = 0
    ) {
        self.pattern = pattern
        self.archives = archives
        self.consolidation = consolidation
        self.xFilesFactor = xFilesFactor
    }

    /// What is taken for names that no rule matches.
    package static let standard = RetentionRule(
        pattern: "**",
        archives: [
            Archive(step: 10, retention: 6 * 3600), Archive(step: 60, retention: 6 * 86_400),
            Archive(step: 600, retention: 1800 * 86_400),
        ])
}

/// What one series is kept by: a rule, with what its name decides.
struct SeriesPolicy: Hashable, Sendable {
    var archives: [Archive]
    var consolidation: Consolidation
    var xFilesFactor: Double

    /// Seconds after which nothing of a series is left.
    var reach: Int { archives.last?.retention ?? 0 }
}

/// Rules in order; the first that matches a name decides.
struct RetentionRules: Sendable {
    /// Every policy that a name can have; a series knows its own by its place in here.
    private(set) var policies: [SeriesPolicy] = []
    private let rules: [(pattern: Glob, rule: RetentionRule)]
    private let places: [SeriesPolicy: Int]

    /// - Parameter known: policies of rules before, which series have still: they keep their places.
    init(_ rules: [RetentionRule], known: [SeriesPolicy] = []) {
        let all = rules + [.standard]
        self.rules = all.map { (Glob(Array($0.pattern.utf8)), $0) }
        policies = known
        var places = Dictionary(known.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for rule in all {
            for consolidation in rule.consolidation.map({ [$0] }) ?? Consolidation.allCases {
                let policy = SeriesPolicy(
                    archives: rule.archives, consolidation: consolidation, xFilesFactor: rule.xFilesFactor)
                if places[policy] == nil {
                    places[policy] = policies.count
                    policies.append(policy)
                }
            }
        }
        self.places = places
    }

    /// The place in `policies` of a name's.
    func place(of name: UnsafeRawBufferPointer) -> Int {
        for (pattern, rule) in rules where pattern.matches(name, across: true) {
            let policy = SeriesPolicy(
                archives: rule.archives, consolidation: rule.consolidation ?? Self.consolidation(of: name),
                xFilesFactor: rule.xFilesFactor)
            if let place = places[policy] { return place }
        }
        return policies.count - 1
    }

    /// By the end of the path, as statsd names what it makes: `lower` is the least, `upper` the greatest,
    /// `sum` and `count` add up, anything else is averaged. Percentiles are named `upper_90`, so what is
    /// behind an underscore does not count.
    private static func consolidation(of name: UnsafeRawBufferPointer) -> Consolidation {
        let path = name.prefix { $0 != UInt8(ascii: ";") }
        let end = path.lastIndex(of: UInt8(ascii: ".")).map { path[($0 + 1)...] } ?? path
        let word = end.prefix { $0 != UInt8(ascii: "_") }
        for (text, consolidation) in byEnd where word.elementsEqual(text.utf8) { return consolidation }
        return .average
    }

    private static let byEnd: [(StaticText, Consolidation)] = [
        ("lower", .min), ("min", .min), ("upper", .max), ("max", .max), ("sum", .sum), ("count", .sum),
    ]
    private typealias StaticText = String
}
