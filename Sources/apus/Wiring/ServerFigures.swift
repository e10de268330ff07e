import Core
import Glibc

/// What the server knows of its own process and of its fabric.
enum ServerFigures {
    static func now(_ loop: Orchestrator, connected: Int) -> [(name: String, value: Double)] {
        var figures = [
            ("hosts.connected", Double(connected)), ("hosts.known", Double(loop.hosts.count)),
            ("executions.open", Double(loop.executions.count)),
        ]
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            figures.append(("cpu.seconds", seconds(usage.ru_utime) + seconds(usage.ru_stime)))
        }
        if let pages = residentPages() { figures.append(("memory.resident", Double(pages) * Double(getpagesize()))) }
        return figures
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func residentPages() -> Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
