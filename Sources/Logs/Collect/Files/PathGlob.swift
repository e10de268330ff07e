package import Telemetry

/// An absolute path whose parts may hold `*`, `?`, `[a-z]` and `{a,b}`. None of them stands for a slash, and a name
/// that begins with a dot is only found by a part that does.
package struct PathGlob: Sendable {
    package static let bytesMax = 1024
    /// Files that one pattern finds; the others are left alone.
    package static let filesMax = 10_000

    package let text: String
    private let parts: [Part]

    private struct Part: Sendable {
        let text: String
        /// Nil: a name.
        let glob: Glob?
    }

    /// - Throws: if the path is not absolute, or is none.
    package init(_ text: String) throws(TelemetryProblem) {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= Self.bytesMax,
            !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw TelemetryProblem(
                "logs.path-invalid", "A path of log files is not taken.",
                cause: "`\(text.prefix(100))` is not an absolute path of at most \(Self.bytesMax) bytes.",
                remedy: "Give a path such as /var/log/shop/*.log.")
        }
        let names = text.split(separator: "/")
        guard !names.isEmpty, !names.contains("."), !names.contains("..") else {
            throw TelemetryProblem(
                "logs.path-invalid", "A path of log files is not taken.",
                cause: "`\(text)` names no file, or has `.` or `..` in it.", remedy: "Write the path out.")
        }
        self.text = text
        parts = names.map { name in
            let glob = Glob(name.utf8)
            let isPlain = glob.literal.map { $0.elementsEqual(name.utf8) } ?? false
            return Part(text: String(name), glob: isPlain ? nil : glob)
        }
    }

    /// The paths that are there now, in order.
    func paths(on files: any LogFiles) -> [String] {
        var paths = [""]
        for part in parts {
            guard let glob = part.glob else {
                paths = paths.map { $0 + "/" + part.text }
                continue
            }
            let isHidden = part.text.hasPrefix(".")
            var found: [String] = []
            for folder in paths {
                for var name in files.list(folder.isEmpty ? "/" : folder) where isHidden || !name.hasPrefix(".") {
                    if name.withUTF8({ glob.matches(UnsafeRawBufferPointer($0)) }) { found.append(folder + "/" + name) }
                }
                if found.count > Self.filesMax { break }
            }
            paths = Array(found.prefix(Self.filesMax))
        }
        return paths
    }
}
