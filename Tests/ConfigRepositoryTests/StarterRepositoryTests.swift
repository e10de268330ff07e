import ConfigRepository
import Core
import Testing

@Suite struct StarterRepositoryTests {
    @Test("What `apus init` writes is valid, without a warning, and runs three instances behind a balancer")
    func valid() throws {
        let reading = ConfigurationReader.read(FileTree(texts: StarterRepository.files), commit: "0")
        #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
        let dev = try reading.configuration(of: FabricName("dev"))
        #expect(dev.hosts.count == 4)
        #expect(dev.balancers.count == 1)
        #expect(try dev.apps[AppName("hello")]?.processes[ProcessName("web")]?.instances == 3)
        #expect(StarterRepository.files.values.allSatisfy { $0.hasSuffix("\n") && !$0.hasSuffix("\n\n") })
    }
}
