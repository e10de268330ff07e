package import Core
package import SystemPackage

/// What a package asks to be in the environment of its instances: where its own programs and
/// libraries are. It is a file of the package, because the package is unpacked at another place
/// on every host.
///
/// The file `.apus/environment` has a line for each variable: `NAME=PATH` sets it to a place in
/// the package, `NAME+=PATH` puts that place before what the variable had. Lines that start with
/// `#` and empty lines are skipped.
package struct PackageEnvironment: Hashable, Sendable {
    struct Setting: Hashable, Sendable {
        var name: String
        var path: String
        /// Whether what the variable had stays behind it.
        var isPrefix: Bool
    }

    static let folder = ".apus"
    static let fileName = "environment"
    static let bytesMax = 64 << 10
    /// What a process without a PATH would search.
    static let pathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    var settings: [Setting]

    init(settings: [Setting]) { self.settings = settings }

    /// The variables for an instance of the package that is unpacked at `packageRoot`.
    ///
    /// - Parameter base: what the instance's environment has otherwise.
    /// - Returns: only the variables that the package sets; nothing if it says nothing.
    /// - Throws: `package.environment-invalid`.
    package static func read(
        packageRoot: FilePath, over base: [String: String] = [:]
    ) throws(Problem) -> [String: String] {
        let root = try Folder.open(packageRoot)
        guard try root.kind(folder) == .folder else { return [:] }
        let inner = try root.folder(folder)
        guard try inner.kind(fileName) != nil else { return [:] }
        let bytes = try inner.contents(of: fileName, bytesMax: bytesMax)
        return try PackageEnvironment(parsing: String(decoding: bytes, as: UTF8.self))
            .variables(packageRoot: packageRoot, over: base)
    }

    init(parsing text: String) throws(Problem) {
        settings = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { throw Self.invalid(line, "has no `=`") }
            let isPrefix = line[..<equals].last == "+"
            let name = String(line[..<equals].dropLast(isPrefix ? 1 : 0))
            let isName = name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard isName, let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
                throw Self.invalid(line, "has no name in capitals")
            }
            let path = String(line[line.index(after: equals)...])
            guard !path.contains(":"), (try? EntryPath(path)) != nil else {
                throw Self.invalid(line, "has no path within the package")
            }
            settings.append(Setting(name: name, path: path, isPrefix: isPrefix))
        }
    }

    /// The file's text.
    var text: String { settings.map { "\($0.name)\($0.isPrefix ? "+" : "")=\($0.path)\n" }.joined() }

    func variables(packageRoot: FilePath, over base: [String: String]) -> [String: String] {
        var variables: [String: String] = [:]
        // The first line of two for one variable ends up before the second.
        for setting in settings.reversed() {
            let path = packageRoot.appending(setting.path).string
            let before =
                variables[setting.name] ?? base[setting.name] ?? (setting.name == "PATH" ? Self.pathDefault : "")
            variables[setting.name] = setting.isPrefix && !before.isEmpty ? "\(path):\(before)" : path
        }
        return variables
    }

    func write(below root: Folder) throws(Problem) {
        guard !settings.isEmpty else { return }
        let inner = try root.kind(Self.folder) == nil ? root.makeFolder(Self.folder) : root.folder(Self.folder)
        try inner.replace(Self.fileName, with: Array(text.utf8), isExecutable: false)
    }

    private static func invalid(_ line: Substring, _ fault: String) -> Problem {
        Problem(
            "package.environment-invalid", "The package's environment cannot be read.",
            cause: "In `\(folder)/\(fileName)`, \(quotedForMessage(String(line))) \(fault).",
            remedy: "Write lines such as `PATH+=bin`.")
    }
}
