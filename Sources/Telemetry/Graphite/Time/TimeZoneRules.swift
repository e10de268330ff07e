package import SystemPackage

/// When a time zone's clocks are how far from UTC, as the system's zone files (RFC 8536) say.
package struct TimeZoneRules: Sendable {
    package var name: String
    /// Seconds since 1970 from which on the clocks of the same index in `clocks` hold, in order.
    private var changes: [Int64] = []
    private var clocks: [Clock] = []
    /// Before the first change.
    private var first: Clock
    /// After the last change.
    private var later: PosixTimeZone?

    struct Clock: Hashable, Sendable {
        /// Seconds east of UTC.
        var offset: Int64
        var isDaylightSaving: Bool
    }

    package static let utc = TimeZoneRules(name: "UTC", first: Clock(offset: 0, isDaylightSaving: false))

    private init(name: String, first: Clock) {
        self.name = name
        self.first = first
    }

    /// The zone of that name (`Europe/Berlin`) in the system's folder of zones.
    package static func named(
        _ name: String, in folder: FilePath = "/usr/share/zoneinfo"
    ) throws(TelemetryProblem) -> TimeZoneRules {
        if name.isEmpty || name == "UTC" { return .utc }
        let isSafe =
            name.utf8.count <= 64 && !name.hasPrefix("/") && !name.contains("..")
            && name.utf8.allSatisfy { byte in
                byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39
                    || [UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+")].contains(byte)
            }
        if isSafe, let bytes = try? read(folder.appending(name)), let rules = TimeZoneRules(name: name, file: bytes) {
            return rules
        }
        throw TelemetryProblem(
            "graph.zone-unknown", "The time zone `\(name.prefix(64))` was not taken.",
            cause: "The folder \(folder) has no zone of that name.",
            remedy: "Name a zone as `Europe/Berlin`; the package tzdata has them.")
    }

    /// Zone files have a few kB; what is larger is none.
    private static func read(_ path: FilePath) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            try [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
                let raw = UnsafeMutableRawBufferPointer(buffer)
                while count < raw.count {
                    let more = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: raw[count...]))
                    if more == 0 { return }
                    count += more
                }
            }
        }
    }

    /// Reads a zone file of version 2 or later, which has a second part with times of 64 bits.
    init?(name: String, file bytes: [UInt8]) {
        guard let old = Header(bytes, at: 0), old.version >= UInt8(ascii: "2"),
            let header = Header(bytes, at: old.end(timeSize: 4)), header.typeCount > 0
        else { return nil }
        let times = header.start + Header.size
        let indices = times + header.timeCount * 8
        let types = indices + header.timeCount
        let footer = header.end(timeSize: 8)
        guard footer <= bytes.count else { return nil }
        var kinds: [Clock] = []
        for index in 0..<header.typeCount {
            let at = types + index * 6
            let offset = Int32(bitPattern: UInt32(Header.number(bytes, at: at, size: 4)))
            kinds.append(Clock(offset: Int64(offset), isDaylightSaving: bytes[at + 4] != 0))
        }
        self.init(name: name, first: kinds.first { !$0.isDaylightSaving } ?? kinds[0])
        for index in 0..<header.timeCount {
            let kind = Int(bytes[indices + index])
            guard kind < kinds.count else { return nil }
            changes.append(Int64(bitPattern: Header.number(bytes, at: times + index * 8, size: 8)))
            clocks.append(kinds[kind])
        }
        later = PosixTimeZone(bytes[footer...].dropFirst().prefix { $0 != 0x0A })
    }

    private struct Header {
        static let size = 44
        var start: Int
        var version: UInt8
        var timeCount = 0
        var typeCount = 0
        private var others = 0
        private var leapCount = 0

        init?(_ bytes: [UInt8], at start: Int) {
            guard start >= 0, start + Self.size <= bytes.count, bytes[start..<(start + 4)].elementsEqual("TZif".utf8)
            else { return nil }
            self.start = start
            version = bytes[start + 4]
            let counts = (0..<6).map { Int(Self.number(bytes, at: start + 20 + $0 * 4, size: 4)) }
            guard counts.allSatisfy({ $0 < 1 << 16 }) else { return nil }
            (leapCount, timeCount, typeCount) = (counts[2], counts[3], counts[4])
            others = counts[0] + counts[1] + counts[5]
        }

        func end(timeSize: Int) -> Int {
            start + Self.size + timeCount * (timeSize + 1) + typeCount * 6 + leapCount * (timeSize + 4) + others
        }

        static func number(_ bytes: [UInt8], at: Int, size: Int) -> UInt64 {
            bytes[at..<(at + size)].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    func clock(at time: Int64) -> Clock {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= time { low = middle + 1 } else { high = middle }
        }
        if low == changes.count, let later { return later.clock(at: time) }
        return low == 0 ? first : clocks[low - 1]
    }

    /// What clocks in the zone show.
    package func local(_ time: Int64) -> CivilTime {
        CivilTime(secondsSince1970: time + clock(at: time).offset)
    }

    /// When clocks in the zone show this, in seconds since 1970. What they show twice is the time without
    /// daylight saving; what they skip is counted as if they had not.
    package func time(_ local: CivilTime) -> Int64 {
        let wall = local.secondsSince1970
        let candidates = [clock(at: wall - 86400), clock(at: wall + 86400)]
        let fitting = candidates.filter { clock(at: wall - $0.offset) == $0 }
        let chosen = (fitting.isEmpty ? candidates : fitting)
        return wall - (chosen.first { !$0.isDaylightSaving } ?? chosen[0]).offset
    }
}

extension TimeZoneRules {
    /// Whether clocks show daylight saving time then.
    /// How many seconds local time is ahead.
    package func offset(at time: Int64) -> Int64 { clock(at: time).offset }

    package func isDaylightSaving(_ time: Int64) -> Bool { clock(at: time).isDaylightSaving }
}
