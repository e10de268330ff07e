package import Core
package import SystemPackage

/// The folders under an agent's root.
///
/// ```
/// apps/APP/releases/IDENTITY12/     package and config, shared by the release's instances
/// apps/APP/releases/IDENTITY12.json what it is; written last, so without it the folder is not whole
/// apps/APP/current, previous        links, switched by an atomic rename
/// apps/APP/packages/DIGEST.tar.zst  the last few packages
/// instances/INSTANCE/spec.json      what to run, and whether it should
/// instances/INSTANCE/run/           the shim's: spec, lock, shim.sock, started, exit
/// instances/INSTANCE/logs/output.log, output.log.1 …
/// instances/INSTANCE/data/          the process' HOME
/// logs/collection.json, buffer/     what is collected, and lines on their way to the server
/// ```
package struct HostFolders: Sendable {
    package let root: FilePath

    package init(root: FilePath) { self.root = root }

    package var instances: FilePath { root.appending("instances") }
    package var apps: FilePath { root.appending("apps") }
    package var balancers: FilePath { root.appending("balancers") }
    package var logs: FilePath { root.appending("logs") }
    package var logBuffer: FilePath { logs.appending("buffer") }
    package var logCollection: FilePath { logs.appending("collection.json") }
    package func app(_ app: AppName) -> FilePath { apps.appending(app.text) }
    package func releases(_ app: AppName) -> FilePath { self.app(app).appending("releases") }
    package func release(_ app: AppName, _ identity: Digest) -> FilePath { releases(app).appending(identity.short) }
    package func releaseNote(_ app: AppName, _ identity: Digest) -> FilePath {
        releases(app).appending(identity.short + ".json")
    }
    package func packages(_ app: AppName) -> FilePath { self.app(app).appending("packages") }
    package func package(_ reference: PackageReference) -> FilePath {
        packages(reference.app).appending(reference.digest.hex + ".tar.zst")
    }
    package func mountPoint(_ id: InstanceID) -> MountPoint { MountPoint(folder: instances.appending(id.description)) }
}

/// The folder of one instance.
package struct MountPoint: Sendable {
    package let folder: FilePath
    package var spec: FilePath { folder.appending("spec.json") }
    package var run: FilePath { folder.appending("run") }
    package var logs: FilePath { folder.appending("logs") }
    package var output: FilePath { logs.appending("output.log") }
    package var data: FilePath { folder.appending("data") }
}
