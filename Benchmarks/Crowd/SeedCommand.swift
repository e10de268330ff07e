import ArgumentParser
import ControlPlane
import Core
import SystemPackage
import Wire

/// Writes the state of a server whose whole fabric is deployed, so that nobody has to wait for a
/// hundred thousand instances to be rolled out before a measurement.
struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Write a server's state as if everything were deployed.")

    @OptionGroup var options: CrowdFabric.Options

    func run() async throws {
        try PrivateFile.makeFolder(options.state)
        let database = try StateDatabase(path: FilePath(options.state).appending("state.db").string)
        let store = try SQLiteStateStore(database: database, now: CrowdFabric.now)
        let releases = ReleaseStore(store: store, now: CrowdFabric.now)
        let fabric = try await CrowdFabric.seeded(options, store: store, releases: releases)
        var records: [InstanceKey: InstanceRecord?] = [:]
        for (host, instances) in fabric.placed {
            for (index, id) in instances.enumerated() {
                let record = InstanceRecord(id: id, host: host, duty: .serving, port: 20_000 + index)
                records[InstanceKey(record)] = record
            }
        }
        let desired = DesiredModel(
            revision: 1, configuration: fabric.configuration, releases: fabric.releases)
        let state = try await OrchestrationStore(store: store, releases: releases, fence: 0)
        try await state.save([.saveDesired(desired), .saveRecords(records)], before: nil)
        try await state.saveJoined(fabric.configuration.hosts.keys.sorted())
        print("\(fabric.configuration.hosts.count) hosts, \(records.count) instances")
    }
}
