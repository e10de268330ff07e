import Glibc
import Logs
import SystemPackage

/// What the balancers of this host log: each writes its lines into a pipe in its folder.
///
/// A pipe is open for reading and writing at both sides, so neither's end ends it: lines that are written while the
/// agent is away are read by the next one, up to what a pipe holds. A balancer never waits for one that is full.
final class BalancerLogs: LogInput {
    private static let lookInterval: Int64 = 1_000_000_000

    private struct Pipe {
        var reader: PipeReader
        var rate: RateLimit?
    }

    let name = "balancers"
    var cursor: String? { nil }
    private(set) var limitedLines = 0
    private let folder: FilePath
    private let rateMax: Int?
    /// By the balancer's name.
    private var pipes: [String: Pipe] = [:]
    private var nextLook: Int64 = 0
    private var streams: [BalancerLogLine.Origin: UInt32] = [:]

    /// - Parameters:
    ///   - folder: of all balancers.
    ///   - rateMax: lines a second of each balancer, on average.
    init(balancers folder: FilePath, rateMax: Int?) {
        self.folder = folder
        self.rateMax = rateMax
    }

    func read(into events: LogEvents, bytesMax: Int) -> Bool {
        var more = false
        for (name, var pipe) in pipes {
            let hasMore = pipe.reader.read(bytesMax: bytesMax) { text in
                guard let line = BalancerLogLine(text) else { return }
                guard pipe.rate?.admits(now: events.now) ?? true else {
                    limitedLines += 1
                    return
                }
                add(line, to: events)
            }
            pipes[name] = pipe
            if hasMore { more = true }
        }
        // What a balancer has written that is gone now has just been read.
        if events.now >= nextLook || nextLook > events.now + Self.lookInterval {
            nextLook = events.now + Self.lookInterval
            if look(events.now) { more = true }
        }
        return more
    }

    private func add(_ line: BalancerLogLine, to events: LogEvents) {
        let stream: UInt32
        if let known = streams[line.origin] {
            stream = known
        } else {
            stream = events.register(line.origin.labels)
            streams[line.origin] = stream
        }
        if let text = line.withTime(events.now) {
            text.withUnsafeBytes { events.add($0, of: stream, level: line.level) }
        } else {
            events.add(UnsafeRawBufferPointer(rebasing: line.text), of: stream, level: line.level)
        }
    }

    /// Opens the pipes that have come, and closes those that are gone. Returns whether one has come.
    private func look(_ now: Int64) -> Bool {
        var hasNew = false
        var seen: [String: Pipe] = [:]
        for name in Self.names(in: folder) {
            let path = folder.appending(name).appending("run").appending("lines")
            if let known = pipes[name], known.reader.isOpen(at: path) {
                seen[name] = known
            } else if let reader = PipeReader(path) {
                seen[name] = Pipe(reader: reader, rate: rateMax.map { RateLimit(now: now, perSecond: $0) })
                hasNew = true
            }
        }
        pipes = seen
        return hasNew
    }

    private static func names(in folder: FilePath) -> [String] {
        guard let directory = opendir(folder.string) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
