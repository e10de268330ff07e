import Core
import Synchronization
import SystemPackage
import Testing

@testable import Agent

@Suite("The attic")
struct AtticTests {
    @Test("A release that nobody needs is gone at once, and from the disk when the attic is emptied")
    func emptied() async throws {
        let bench = try HostBench()
        let spec = try bench.spec(script: "exec sleep 1000")
        let releases = HostFolders(root: bench.root).releases(spec.id.app)
        try await bench.withKeeper { keeper in
            try await keeper.perform(.install, spec) { _ in }
            try await keeper.perform(.uninstall, spec) { _ in }
            #expect(!Disk.exists(HostFolders(root: bench.root).release(spec.id.app, spec.releaseIdentity)))
            #expect(Disk.names(in: releases).count == 1)
            #expect(await keeper.store.attic.empty())
            #expect(Disk.names(in: releases) == [])
            #expect(await keeper.store.attic.empty() == false)
        }
        try await bench.end()
    }

    @Test("What only lies in the attic takes no room from a release that needs it")
    func makesRoom() async throws {
        let bench = try HostBench()
        let (old, new) = (try bench.spec(script: "exit"), try bench.spec("shop.web.1.r2", script: "exit"))
        let unpack = bench.keeperSetting.unpack
        var setting = bench.keeperSetting
        let isFull = Mutex(false)
        setting.unpack = { (archive, package, config, target) throws(Problem) in
            let left = Disk.names(in: target.removingLastComponent()).contains { $0.hasPrefix(".old-") }
            if left {
                isFull.withLock { $0 = true }
                throw Problem("package.file", "Full.", cause: "No room.", remedy: "Make some.")
            }
            try await unpack(archive, package, config, target)
        }
        let keeper = InstanceKeeper(setting)
        try await keeper.load()
        for phase in [LifecyclePhase.install, .uninstall] { try await keeper.perform(phase, old) { _ in } }
        try await keeper.perform(.install, new) { _ in }
        #expect(isFull.withLock { $0 })
        #expect(Disk.exists(HostFolders(root: bench.root).release(new.id.app, new.releaseIdentity)))
        try await bench.end()
    }
}
