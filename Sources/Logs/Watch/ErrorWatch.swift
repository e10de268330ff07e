/// Groups the lines that say that something went wrong, and says when somebody is to be told: soon after the first
/// line of a kind, and again as long as it goes on. A value that is given lines and time.
package struct ErrorWatch: Sendable {
    package struct Options: Sendable {
        /// Lines below it are no errors.
        package var level: LogLevel
        /// Lines that are no errors whatever their level; nil: none.
        package var except: LogFilter?
        /// How long the first lines of a kind are gathered before it is told.
        package var gather: Int64
        /// After how long it is told that a kind goes on.
        package var again: Int64
        /// Between two reports on one app.
        package var pause: Int64
        /// After how long without a line a kind is new when it comes again.
        package var forget: Int64

        package init(
            level: LogLevel = .error, except: LogFilter? = nil, gather: Int64 = 10 * second, again: Int64 = hour,
            pause: Int64 = 60 * second, forget: Int64 = 7 * 24 * hour
        ) {
            self.level = level
            self.except = except
            self.gather = gather
            self.again = again
            self.pause = pause
            self.forget = forget
        }
    }

    package struct Outcome: Sendable {
        package var reports: [ErrorReport] = []
        /// Kinds that are not known any more.
        package var forgotten: [ErrorGroup.Key] = []
    }

    package static let second: Int64 = 1_000_000_000
    package static let hour: Int64 = 3600 * second
    /// What lines are called whose kind finds no place.
    package static let others = "(errors of other kinds)"
    private static let groupsMax = 1000
    private static let groupsOfAppMax = 100
    private static let samplesMax = 5
    private static let sampleBytesMax = 500
    private static let rememberedMax = 20_000

    private var options: Options
    private let seed: UInt64
    private var groups: [ErrorGroup.Key: ErrorGroup] = [:]
    private var groupsOfApp: [String: Int] = [:]
    private var lastReport: [String: Int64] = [:]
    /// By the hash of a line's shape and app: spares the text of a line whose kind is known.
    private var remembered: [UInt64: ErrorGroup.Key] = [:]
    private var shape: [UInt8] = []
    /// What was known at the beginning, and until when.
    private let knownUntil: [ErrorGroup.Key: Int64]

    /// - Parameters:
    ///   - groups: what was known before a restart.
    ///   - seed: a random number, so that nobody can know which lines collide.
    package init(_ options: Options = Options(), groups: [ErrorGroup] = [], seed: UInt64) {
        self.options = options
        self.seed = seed
        knownUntil = Dictionary(groups.map { ($0.key, $0.lastAt) }) { max($0, $1) }
        for group in groups {
            self.groups[group.key] = group
            groupsOfApp[group.app, default: 0] += 1
            if let told = group.told { lastReport[group.app] = max(lastReport[group.app] ?? .min, told.at) }
        }
    }

    /// What is an error at least.
    package var level: LogLevel { options.level }

    package mutating func configure(_ options: Options) { self.options = options }

    /// Those of an app, or all: the last one that was seen first.
    package func known(of app: String? = nil) -> [ErrorGroup] {
        groups.values.filter { app == nil || $0.app == app }
            .sorted { ($1.lastAt, $0.app, $0.text) < ($0.lastAt, $1.app, $1.text) }
    }

    package func group(_ key: ErrorGroup.Key) -> ErrorGroup? { groups[key] }

    /// Looks for errors in lines. Lines of no app are nobody's.
    package mutating func take(_ batch: LogBatch, at now: Int64) {
        var apps: [String?]?
        for index in batch.lines.indices where batch.lines[index].level >= options.level.rawValue {
            let streams = apps ?? batch.streams.map { $0["app"] }
            apps = streams
            guard let app = streams[Int(batch.lines[index].stream)] else { continue }
            if let except = options.except, except.holds(batch, index) { continue }
            take(batch, index, key(of: batch, index, app), at: now)
        }
    }

    /// Takes lines of the time before the beginning, of which some may be counted in what was known then.
    package mutating func takeMissed(_ batch: LogBatch) {
        for index in batch.lines.indices {
            let line = batch.lines[index]
            guard line.level >= options.level.rawValue, let app = batch.streams[Int(line.stream)]["app"] else {
                continue
            }
            if let except = options.except, except.holds(batch, index) { continue }
            let key = key(of: batch, index, app)
            if let until = knownUntil[key], until >= line.time { continue }
            take(batch, index, key, at: line.time)
        }
    }

    private mutating func key(of batch: LogBatch, _ index: Int, _ app: String) -> ErrorGroup.Key {
        batch.withBytes(of: batch.lines[index].message) { ErrorShape.read($0, into: &shape) }
        if shape.isEmpty { readFields(of: batch, index) }
        return key(app)
    }

    private mutating func take(_ batch: LogBatch, _ index: Int, _ key: ErrorGroup.Key, at now: Int64) {
        let line = batch.lines[index]
        var group = groups[key] ?? make(key, at: now)
        let stream = batch.streams[Int(line.stream)]
        group.count += 1
        group.lastAt = max(group.lastAt, now)
        group.level = max(group.level, line.level)
        if let release = stream["release"] {
            group.firstRelease = group.firstRelease ?? release
            group.lastRelease = release
        }
        if group.samples.count < Self.samplesMax {
            let text = batch.withBytes(of: line.message) { Array($0.prefix(Self.sampleBytesMax)) }
            group.samples.append(
                ErrorGroup.Sample(
                    time: line.time, host: stream["host"], instance: stream["instance"],
                    text: LogText.shown(text, keepsLines: true)))
        }
        groups[key] = group
    }

    /// Of a line that says all in fields: those that usually name an error, or else all.
    private mutating func readFields(of batch: LogBatch, _ index: Int) {
        for name in ["error", "err", "exception", "event"] {
            batch.value(of: name, at: index) { if let value = $0 { ErrorShape.read(value, into: &shape) } }
            if !shape.isEmpty { return }
        }
        let line = batch.lines[index]
        let names = batch.fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)].map {
            batch.names[Int($0.name)]
        }
        Array(names.sorted().joined(separator: "=<*> ").utf8).withUnsafeBytes { ErrorShape.read($0, into: &shape) }
    }

    private mutating func key(_ app: String) -> ErrorGroup.Key {
        var app = app
        let appHash = app.withUTF8 { Self.hash(UnsafeRawBufferPointer($0), seed) }
        let hash = shape.withUnsafeBytes { Self.hash($0, appHash) }
        if let known = remembered[hash] { return known }
        var key = ErrorGroup.Key(app: app, text: ErrorShape.text(shape))
        if groups[key] == nil {
            let isFull = groups.count >= Self.groupsMax || groupsOfApp[app, default: 0] >= Self.groupsOfAppMax
            // An app's place for the others is always there: apps are few.
            if isFull { key.text = Self.others }
        }
        if remembered.count >= Self.rememberedMax { remembered = [:] }
        remembered[hash] = key
        return key
    }

    private mutating func make(_ key: ErrorGroup.Key, at now: Int64) -> ErrorGroup {
        groupsOfApp[key.app, default: 0] += 1
        return ErrorGroup(app: key.app, text: key.text, level: options.level, at: now)
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        bytes.baseAddress.map { ByteHash.hash($0, bytes.count, seed: seed) } ?? seed
    }

    // MARK: Time

    /// What is to be told now. It is taken as told.
    package mutating func pass(at now: Int64) -> Outcome {
        var outcome = Outcome()
        var due: [String: [ErrorReport.Part]] = [:]
        for (key, var group) in groups {
            if now - group.lastAt > options.forget {
                outcome.forgotten.append(key)
                continue
            }
            // A clock that went back would make it silent until then.
            if let told = group.told, told.at > now {
                group.told?.at = now
                groups[key] = group
            }
            if let last = lastReport[group.app], last > now { lastReport[group.app] = now }
            guard isDue(group, at: now), now - (lastReport[group.app] ?? .min / 2) >= options.pause else { continue }
            due[group.app, default: []].append(
                .init(group: group, count: group.count - (group.told?.count ?? 0), isNew: group.told == nil))
        }
        for key in outcome.forgotten { forget(key) }
        for (app, parts) in due.sorted(by: { $0.key < $1.key }) {
            lastReport[app] = now
            var told: [ErrorReport.Part] = []
            for var part in parts {
                part.group.told = ErrorGroup.Told(at: now, count: part.group.count)
                groups[part.group.key] = part.group
                told.append(part)
            }
            told.sort { ($0.isNew ? 0 : 1, -$0.count, $0.group.text) < ($1.isNew ? 0 : 1, -$1.count, $1.group.text) }
            outcome.reports.append(ErrorReport(app: app, parts: told))
        }
        return outcome
    }

    private func isDue(_ group: ErrorGroup, at now: Int64) -> Bool {
        guard let told = group.told else { return now - group.firstAt >= options.gather || now < group.firstAt }
        return group.count > told.count && now - told.at >= options.again
    }

    private mutating func forget(_ key: ErrorGroup.Key) {
        groups[key] = nil
        groupsOfApp[key.app, default: 1] -= 1
        if groupsOfApp[key.app] == 0 {
            groupsOfApp[key.app] = nil
            lastReport[key.app] = nil
        }
        // What was put among the others may have a place of its own now.
        remembered = [:]
    }
}
