import Core
import Glibc
import SystemPackage

/// The bits that the kernel takes from the mode of each new file (`umask`). Nothing in this program
/// changes them, so that thousands of files need no second call for their mode.
enum CreationMask {
    /// All bits where the kernel does not say: then every mode is set.
    private static let bits: mode_t = {
        var text = ""
        guard let status = try? OpenFile.reading("/proc/self/status"),
            (try? status.readAll { text += String(decoding: $0, as: UTF8.self) }) != nil,
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Umask:") }),
            let bits = line.split(whereSeparator: \.isWhitespace).last.flatMap({ mode_t($0, radix: 8) })
        else { return 0o777 }
        return bits
    }()

    static func takes(from mode: mode_t) -> Bool { mode & bits != 0 }
}
