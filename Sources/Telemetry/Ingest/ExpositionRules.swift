/// What OpenMetrics asks of a text beyond its grammar: order, names, and values that make sense. What breaks a
/// rule is still taken; the first breach is kept, so that a target can be said to be wrong.
struct ExpositionRules {
    typealias Bytes = ArraySlice<UInt8>

    private struct Family {
        var name: Bytes
        var kind = ExpositionReader.Kind.unknown
        var hasKind = false
        var hasHelp = false
        var unit: Bytes?
        var hasSamples = false
    }

    /// The samples of one set of labels, but for `le` and `quantile`.
    private struct Group {
        var labels: [ExpositionReader.Label]
        var time: Double?
        var hasTime = false
        var seen: Set<[ExpositionReader.Label]> = []
        var bound = -Double.infinity
        var bucketCount = 0
        var lastBucket: Double?
        var hasNegativeBound = false
        var hasInfinity = false
        var count: Double?
        var sum: Double?
    }

    /// The first breach.
    private(set) var breach: String?

    private var family: Family?
    private var group: Group?
    private var groups: Set<[ExpositionReader.Label]> = []
    /// Names that families have taken, with those of their samples.
    private var taken: Set<Bytes> = []

    mutating func receive(_ event: ExpositionReader.Event) {
        guard breach == nil else { return }
        switch event {
        case .type(let name, let kind):
            describe(name, isRepeated: \.hasKind) {
                $0.kind = kind; $0.hasKind = true
            }
        case .help(let name): describe(name, isRepeated: \.hasHelp) { $0.hasHelp = true }
        case .unit(let name, let unit):
            describe(name, isRepeated: { $0.unit != nil }) { $0.unit = unit }
            if !unit.isEmpty, !name.hasSuffix("_" + String(decoding: unit, as: UTF8.self)) {
                report("`\(text(name))` does not end with its unit")
            }
        case .sample(let sample): receive(sample)
        }
    }

    mutating func end() {
        endFamily()
    }

    private mutating func report(_ text: String) {
        if breach == nil { breach = text }
    }

    private func text(_ bytes: Bytes) -> String { ExpositionReader.shown(bytes) }

    private mutating func describe(_ name: Bytes, isRepeated: (Family) -> Bool, _ change: (inout Family) -> Void) {
        if family?.name != name { begin(name) }
        guard var current = family else { return }
        if current.hasSamples { report("`\(text(name))` is described after its samples") }
        if isRepeated(current) { report("`\(text(name))` is described twice") }
        change(&current)
        family = current
    }

    private mutating func begin(_ name: Bytes) {
        endFamily()
        if taken.contains(name) { report("`\(text(name))` comes twice, or its name is that of another one's sample") }
        family = Family(name: name)
    }

    private mutating func endFamily() {
        endGroup()
        groups = []
        guard let family else { return }
        let hasUnit = family.unit.map { !$0.isEmpty } ?? false
        if hasUnit, family.kind == .info || family.kind == .stateset {
            report("`\(text(family.name))` can have no unit")
        }
        for suffix in Self.suffixes(family.kind) {
            let (isNew, _) = taken.insert(family.name + Array(suffix.utf8))
            if !isNew { report("`\(text(family.name))\(suffix)` is the name of another family") }
        }
        taken.insert(family.name)
        self.family = nil
    }

    private static func suffixes(_ kind: ExpositionReader.Kind) -> [String] {
        switch kind {
        case .counter: ["_total", "_created"]
        case .histogram: ["_bucket", "_count", "_sum", "_created"]
        case .gaugehistogram: ["_bucket", "_gcount", "_gsum"]
        case .summary: ["", "_count", "_sum", "_created"]
        case .info: ["_info"]
        case .gauge, .stateset, .unknown, .untyped: [""]
        }
    }

    private mutating func receive(_ sample: ExpositionReader.Sample) {
        var suffix = family.flatMap { Self.suffix(of: sample.name, in: $0.name, $0.kind) }
        if suffix == nil {
            begin(sample.name)
            suffix = ""
        }
        family?.hasSamples = true
        guard let family, let suffix else { return }
        let special: String? =
            switch (family.kind, suffix) {
            case (.histogram, "_bucket"), (.gaugehistogram, "_bucket"): "le"
            case (.summary, ""): "quantile"
            case (.stateset, _): text(family.name)
            default: nil
            }
        let own = special.flatMap { name in sample.labels.first { $0.key.elementsEqual(name.utf8) } }
        if let special, own == nil { report("a sample of `\(text(family.name))` has no label `\(special)`") }
        enterGroup(sample.labels.filter { $0 != own }.sorted { $0.key.lexicographicallyPrecedes($1.key) })
        checkTime(sample, family, own)
        checkValue(sample, family.kind, suffix, own)
        checkExemplar(sample, family.kind, suffix)
    }

    private static func suffix(of name: Bytes, in family: Bytes, _ kind: ExpositionReader.Kind) -> String? {
        guard name.starts(with: family) else { return nil }
        let rest = name.dropFirst(family.count)
        return suffixes(kind).first { rest.elementsEqual($0.utf8) }
    }

    private mutating func enterGroup(_ labels: [ExpositionReader.Label]) {
        guard group?.labels != labels else { return }
        endGroup()
        if !groups.insert(labels).inserted { report("the samples of one set of labels are not together") }
        group = Group(labels: labels)
    }

    private mutating func checkTime(
        _ sample: ExpositionReader.Sample, _ family: Family, _ own: ExpositionReader.Label?
    ) {
        guard var current = group else { return }
        let isFirst = current.seen.isEmpty
        let key = [ExpositionReader.Label(key: sample.name, value: own?.value ?? [])]
        let isNew = current.seen.insert(key).inserted
        if isFirst {
            current.hasTime = sample.time != nil
        } else if current.hasTime != (sample.time != nil) {
            report("only some samples of `\(text(family.name))` have a time")
        }
        if !isNew, sample.time == nil { report("`\(text(sample.name))` comes twice") }
        if let time = sample.time {
            if let last = current.time, time < last { report("times of `\(text(sample.name))` go back") }
            current.time = time
        }
        group = current
    }

    private mutating func checkExemplar(
        _ sample: ExpositionReader.Sample, _ kind: ExpositionReader.Kind, _ suffix: String
    ) {
        guard let exemplar = sample.exemplar else { return }
        if !(suffix == "_bucket" || (kind == .counter && suffix == "_total")) {
            report("`\(text(sample.name))` can have no exemplar")
        }
        if exemplar.characterCount > 128 { report("the labels of an exemplar have more than 128 characters") }
    }
}

extension ExpositionRules {
    private mutating func checkValue(
        _ sample: ExpositionReader.Sample, _ kind: ExpositionReader.Kind, _ suffix: String,
        _ own: ExpositionReader.Label?
    ) {
        let value = sample.value
        switch (kind, suffix) {
        case (.counter, "_total"), (.summary, "_count"), (.summary, "_sum"): checkCount(sample)
        case (.summary, ""):
            let quantile = own.flatMap { NumberText.finite($0.value) }
            if !(quantile.map { (0...1).contains($0) } ?? false) { report("a quantile is not from 0 to 1") }
            if value < 0 { report("a quantile is negative") }
        case (.histogram, "_bucket"), (.gaugehistogram, "_bucket"):
            checkCount(sample)
            if let own { checkBucket(own, value) }
        case (.histogram, "_count"), (.gaugehistogram, "_gcount"):
            checkCount(sample)
            group?.count = value
        case (.histogram, "_sum"), (.gaugehistogram, "_gsum"):
            if value.isNaN { report("`\(text(sample.name))` is NaN") }
            group?.sum = value
        case (.info, "_info"): if value != 1 { report("`\(text(sample.name))` is not 1") }
        case (.stateset, _): if value != 0, value != 1 { report("`\(text(sample.name))` is neither 0 nor 1") }
        default: break
        }
    }

    private mutating func checkCount(_ sample: ExpositionReader.Sample) {
        if !(sample.value >= 0) { report("`\(text(sample.name))` counts, and is \(sample.value)") }
    }

    private mutating func checkBucket(_ label: ExpositionReader.Label, _ value: Double) {
        guard var current = group else { return }
        let isInfinite = label.value.elementsEqual("+Inf".utf8)
        guard let bound = isInfinite ? .infinity : NumberText.finite(label.value) else {
            report("`le` is `\(text(label.value))`")
            return
        }
        if current.bucketCount > 0, bound <= current.bound, !current.hasTime {
            report("the bounds of buckets do not grow")
        }
        if let last = current.lastBucket, bound > current.bound, value < last {
            report("a bucket has less than the one below")
        }
        if bound < 0 { current.hasNegativeBound = true }
        current.hasInfinity = isInfinite
        current.bound = bound
        current.lastBucket = value
        current.bucketCount += 1
        group = current
    }

    private mutating func endGroup() {
        defer { group = nil }
        guard let group, let family, family.kind == .histogram || family.kind == .gaugehistogram else { return }
        let isGauge = family.kind == .gaugehistogram
        if !group.hasInfinity { report("`\(text(family.name))` has no bucket `+Inf`") }
        if let count = group.count, let last = group.lastBucket, count != last {
            report("the count of `\(text(family.name))` is not that of its last bucket")
        }
        if isGauge || !group.hasNegativeBound {
            if (group.count == nil) != (group.sum == nil) {
                report("`\(text(family.name))` has only one of count and sum")
            }
        } else if group.sum != nil {
            report("`\(text(family.name))` has buckets below zero, and a sum")
        }
        if !group.hasNegativeBound, let sum = group.sum, sum < 0 {
            report("the sum of `\(text(family.name))` is negative")
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
