import CShim
import Glibc
import SystemPackage

/// A folder that is served: from the path of a request to an open file, or to the status that
/// says why not. The kernel itself refuses to leave the folder.
final class SiteFolder: Sendable {
    struct File {
        var descriptor: Int32
        var size: Int64
        var tag: String
        var contentType: String
    }

    enum Answer {
        case file(File)
        /// The path is a folder's, and relative links need the slash.
        case redirect(String)
        case none(status: Int)
    }

    private let descriptor: Int32

    /// nil: the folder cannot be opened.
    init?(_ path: FilePath) {
        descriptor = Glibc.open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    func open(_ target: String) -> Answer {
        let raw = target.prefix { $0 != "?" && $0 != "#" }
        guard raw.hasPrefix("/"), let path = Self.decoded(raw) else { return .none(status: 400) }
        let segments = path.split(separator: "/")
        // A file whose name starts with a dot (.git, .env) is never meant for the public.
        guard !segments.contains(where: { $0.hasPrefix(".") }) else { return .none(status: 404) }
        let name = segments.isEmpty ? "." : segments.joined(separator: "/")
        guard let (file, isFolder) = openBeneath(name) else { return .none(status: errno == EACCES ? 403 : 404) }
        guard isFolder else {
            return path.hasSuffix("/") ? Self.refuse(file) : .file(file)
        }
        close(file.descriptor)
        guard path.hasSuffix("/") else { return .redirect("/" + raw.drop { $0 == "/" } + "/") }
        guard let (index, isIndexFolder) = openBeneath(name + "/index.html") else { return .none(status: 404) }
        return isIndexFolder ? Self.refuse(index) : .file(index)
    }

    private static func refuse(_ file: File) -> Answer {
        close(file.descriptor)
        return .none(status: 404)
    }

    private func openBeneath(_ name: String) -> (File, isFolder: Bool)? {
        let opened = apus_open_beneath(descriptor, name)
        guard opened >= 0 else { return nil }
        guard let status = try? FileDescriptor(rawValue: opened).stat(), [.regular, .directory].contains(status.type)
        else {
            close(opened)
            errno = ENOENT
            return nil
        }
        let time = status.st_mtim
        let tag =
            "\"\(String(status.size, radix: 16))-\(String(time.tv_sec, radix: 16))\(String(time.tv_nsec, radix: 16))\""
        let file = File(descriptor: opened, size: status.size, tag: tag, contentType: ContentType.of(name))
        return (file, status.type == .directory)
    }

    /// Percent escapes resolved; nil for a broken one, for bytes that are not UTF-8 and for NUL.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
