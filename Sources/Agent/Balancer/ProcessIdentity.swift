import FoundationEssentials
import Glibc

/// A process named so that another one with its number later is not taken for it.
struct ProcessIdentity: Codable, Hashable, Sendable {
    var processID: Int32
    /// Clock ticks since the machine's start: field 22 of `/proc/PID/stat`, see proc(5).
    var startTicks: UInt64

    init?(of processID: Int32) {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return nil }
        // The name, in parentheses, may hold anything; what follows its end does not.
        let rest = String(decoding: stat, as: UTF8.self).split(separator: ")").last ?? ""
        let fields = rest.split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let ticks = UInt64(fields[19]) else { return nil }
        self.processID = processID
        startTicks = ticks
    }

    var isAlive: Bool { ProcessIdentity(of: processID) == self }

    /// Ends the process, by force when it takes longer than five seconds.
    func end() async {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(5)
        guard isAlive else { return }
        kill(processID, SIGTERM)
        while isAlive && clock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
        if isAlive { kill(processID, SIGKILL) }
        while isAlive && clock.now < end + .seconds(1) { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
