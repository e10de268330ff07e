import Core
import FoundationEssentials
import SystemPackage
import Testing

@testable import Packages

/// A folder for one test, removed at its end.
func withTemporaryFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let folder = try TemporaryFolder(
        in: FilePath(FileManager.default.temporaryDirectory.path), prefix: "packages-test-")
    defer { folder.remove() }
    return try await body(folder.path)
}

/// What a test puts into a tree, by path.
enum Item: Equatable {
    case folder
    case file(String, isExecutable: Bool = false)
    case link(String)
}

func makeTree(_ items: [String: Item], at root: FilePath) throws {
    try FileManager.default.createDirectory(atPath: root.string, withIntermediateDirectories: true)
    for (path, item) in items {
        let target = root.appending(path)
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        switch item {
        case .folder: try FileManager.default.createDirectory(atPath: target.string, withIntermediateDirectories: true)
        case .file(let text, let isExecutable):
            try Data(text.utf8).write(to: URL(filePath: target.string))
            try FileManager.default.setAttributes(
                [.posixPermissions: isExecutable ? 0o775 : 0o664], ofItemAtPath: target.string)
        case .link(let text):
            try FileManager.default.createSymbolicLink(atPath: target.string, withDestinationPath: text)
        }
    }
}

/// The tree with everything in it, for comparison with what was made.
func readTree(_ root: FilePath) throws -> [String: Item] {
    var items: [String: Item] = [:]
    try TreeWalk(ignored: []).visit(Folder.open(root)) { (path, found) throws(Problem) in
        switch found {
        case .folder: items[path.text] = .folder
        case .link(let target): items[path.text] = .link(target)
        case .file(let file, _, let isExecutable):
            var bytes: [UInt8] = []
            try file.readAll { (chunk) throws(Problem) in bytes += chunk }
            items[path.text] = .file(String(decoding: bytes, as: UTF8.self), isExecutable: isExecutable)
        }
    }
    return items
}

func names(in folder: FilePath) throws -> [String] { try Folder.open(folder).names() }

func digest(of bytes: [UInt8]) -> Digest {
    var hash = DigestBuilder()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.finish()
}

/// The code of the problem that the body throws; nil if it throws none.
func problemCode(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let problem as Problem {
        return problem.code
    } catch {
        return "not a problem: \(error)"
    }
}

extension PackageSigner {
    func sign(_ packed: PackedTarball, version: String = "1") throws(Problem) -> PackageReference {
        try sign(app: AppName("shop"), version: version, digest: packed.digest, size: packed.size)
    }

    var unpacker: PackageUnpacker { get throws { PackageUnpacker(verifier: try verifier) } }
    var verifier: PackageVerifier { get throws { try PackageVerifier(publicKeyBase64: publicKeyBase64) } }
}
