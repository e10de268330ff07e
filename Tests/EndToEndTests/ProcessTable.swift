import FoundationEssentials
import Glibc

/// The processes of this machine.
struct ProcessTable {
    struct Entry {
        var processID: pid_t
        var parent: pid_t
        var command: String
        var folder: String
    }

    let entries: [Entry]

    init() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        entries = names.compactMap { pid_t($0) }.compactMap(Self.entry)
    }

    /// Those that were started from a folder or that mention it: all that belong to a fleet.
    func belonging(to folder: String) -> [Entry] {
        entries.filter { entry in
            entry.processID != getpid()
                && ("\(entry.command) ".contains("\(folder)/") || "\(entry.command) ".contains("\(folder) ")
                    || "\(entry.folder)/".hasPrefix("\(folder)/"))
        }
    }

    /// - Returns: nil for a process that is gone.
    static func entry(_ processID: pid_t) -> Entry? {
        let base = "/proc/\(processID)"
        guard let stat = try? String(contentsOfFile: "\(base)/stat", encoding: .utf8),
            let close = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 2, fields[0] != "Z", fields[0] != "X", let parent = pid_t(fields[1]) else { return nil }
        let command = (try? Data(contentsOf: URL(filePath: "\(base)/cmdline"))) ?? Data()
        let folder = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(base)/cwd")) ?? ""
        return Entry(
            processID: processID, parent: parent,
            command: String(decoding: command, as: UTF8.self).replacing("\0", with: " "), folder: folder)
    }
}
