import Core
import Glibc
import Packages
import SystemPackage

/// Releases that nobody needs any more, until they are removed from the disk.
///
/// A release only loses its name at first. What follows its end is most often the installation of
/// the next one, which people wait for: the disk is not to be busy with thousands of removals then.
struct Attic: Sendable {
    private static let prefix = ".old-"
    private static let pause = Duration.seconds(60)

    private let folders: HostFolders
    private let filled: AsyncStream<Void>
    private let fill: AsyncStream<Void>.Continuation

    init(folders: HostFolders) {
        self.folders = folders
        (filled, fill) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // What an earlier agent has left.
        fill.yield()
    }

    /// Takes a release's folder out of the way. Nothing there is no failure.
    func add(_ release: FilePath, of app: AppName) throws(Problem) {
        guard let name = release.lastComponent else { return }
        let place = folders.releases(app).appending(Self.prefix + name.string)
        try Disk.remove(place)
        guard rename(release.string, place.string) == 0 || errno == ENOENT else {
            throw Disk.fault("Renaming a folder", release)
        }
        fill.yield()
    }

    /// Empties itself from time to time, until the task is cancelled.
    func run() async {
        for await _ in filled {
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
            await empty()
        }
    }

    /// - Returns: whether there was anything.
    @discardableResult
    func empty() async -> Bool {
        var hadAny = false
        for app in Disk.names(in: folders.apps).compactMap({ try? AppName($0) }) {
            for name in Disk.names(in: folders.releases(app)) where name.hasPrefix(Self.prefix) {
                hadAny = true
                // What cannot be removed now is tried again when more comes.
                try? await PackageUnpacker.remove(folders.releases(app).appending(name))
            }
        }
        return hadAny
    }
}
