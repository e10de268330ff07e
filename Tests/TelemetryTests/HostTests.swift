import SystemPackage
import Testing

@testable import Telemetry

@Suite("Figures of a host")
struct HostTests {
    /// The figures of the second of two readings, ten seconds apart.
    private func second(_ file: HostFile, _ first: String, _ second: String) -> [String: Double] {
        var collector = HostCollector()
        _ = collector.receive(file, Array(first.utf8), at: 100)
        return table(collector.receive(file, Array(second.utf8), at: 110))
    }

    private func table(_ figures: [HostFigure]) -> [String: Double] {
        Dictionary(figures.map { ($0.name, ($0.value * 1e6).rounded() / 1e6) }) { first, _ in first }
    }

    @Test("processor time by mode, together 100 %, guests counted once")
    func processor() {
        let found = second(
            .stat,
            "cpu  100 10 50 800 20 0 5 15 20 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5000 1 2\nctxt 100\nbtime 1\nprocesses 7\nprocs_running 2\n",
            "cpu  160 10 70 890 40 0 5 25 40 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 6000 1 2\nctxt 400\nbtime 1\nprocesses 9\nprocs_running 3\nprocs_blocked 1\n"
        )
        #expect(found["host.cpu.user"] == 20 && found["host.cpu.guest"] == 10 && found["host.cpu.system"] == 10)
        #expect(found["host.cpu.idle"] == 45 && found["host.cpu.iowait"] == 10 && found["host.cpu.steal"] == 5)
        #expect(found["host.cpu.used"] == 45 && found["host.cpu.count"] == 2)
        #expect(found["host.kernel.interrupts"] == 100 && found["host.kernel.context_switches"] == 30)
        #expect(found["host.processes.started"] == 0.2 && found["host.processes.running"] == 3)
        // iowait goes back: no figure is negative, and none is lost.
        let back = second(.stat, "cpu 100 0 0 800 20", "cpu 200 0 0 1000 10")
        #expect(back["host.cpu.iowait"] == 0 && back["host.cpu.idle"] == 66.666667)
        // The machine began anew.
        #expect(second(.stat, "cpu 100 0 0 800 20", "cpu 1 0 0 3 0")["host.cpu.used"] == nil)
    }

    @Test("load, memory, swap and open files")
    func memory() {
        var collector = HostCollector()
        #expect(
            table(collector.receive(.loadAverage, Array("0.20 1.18 12.12 3/180 11206\n".utf8), at: 1)) == [
                "host.load.1": 0.2, "host.load.5": 1.18, "host.load.15": 12.12, "host.threads": 180,
            ])
        let text =
            "MemTotal: 1000 kB\nMemFree:  100 kB\nMemAvailable: 400 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\nHugePages_Total: 0\n"
        let memory = table(collector.receive(.memory, Array(text.utf8), at: 1))
        #expect(
            memory["host.memory.used"] == 614_400 && memory["host.swap.used"] == 30720
                && memory["host.memory.total"] == 1_024_000)
        let files = table(collector.receive(.openFiles, Array("1984\t4\t9223372036854775807\n".utf8), at: 1))
        #expect(files["host.files.open"] == 1980)
        let swap = second(
            .virtualMemory, "pswpin 10\npswpout 0\noom_kill 1\npgmajfault 5\n",
            "pswpin 30\npswpout 0\noom_kill 2\npgmajfault 5\n")
        #expect(
            swap == [
                "host.swap.pages_in": 2, "host.swap.pages_out": 0, "host.memory.oom_kills": 0.1,
                "host.memory.major_faults": 0,
            ])
    }

    @Test("disks: whole ones, with what a request waited; times of 32 bits begin anew by themselves")
    func disks() {
        func text(_ reads: Int, _ sectors: Int, _ waited: Int, _ busy: Int) -> String {
            """
               8       0 sda \(reads) 1 \(sectors) \(waited) 50 2 600 70 0 \(busy) 90 0 0 0 0
               8       1 sda1 \(reads) 1 \(sectors) \(waited) 50 2 600 70 0 \(busy) 90
             259       0 nvme0n1 5 0 0 0 0 0 0 0 0 0 0
             259       1 nvme0n1p1 5 0 0 0 0 0 0 0 0 0 0
               7       0 loop0 5 0 0 0 0 0 0 0 0 0 0
             253       0 dm-0 5 0 0 0 0 0 0 0 0 0 0
               8      16 sdb 0 0 0 0 0 0 0 0 0 0 0
            """
        }
        let found = second(.disks, text(100, 2000, 500, 4_294_967_000), text(120, 2200, 600, 4704))
        #expect(found["host.disk.sda.reads"] == 2 && found["host.disk.sda.read_bytes"] == 10240)
        #expect(found["host.disk.sda.read_wait"] == 5 && found["host.disk.sda.write_wait"] == nil)
        #expect(found["host.disk.sda.busy"] == 50)
        #expect(found["host.disk.nvme0n1.reads"] == 0 && found["host.disk.dm-0.reads"] == 0)
        #expect(
            found.keys.allSatisfy {
                !$0.contains("sda1") && !$0.contains("p1") && !$0.contains("loop") && !$0.contains("sdb")
            })
    }

    @Test("network: devices, protocols, retransmits")
    func network() {
        func devices(_ bytes: Int, _ drops: Int) -> String {
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     500       5    0    0    0     0          0         0      500       5    0    0    0     0       0          0
            eth0.10:\(bytes)    100    1    \(drops)    0     0          0         0     2000      20    0    0    0     0       0          0
            veth12: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
            """
        }
        let found = second(.networkDevices, devices(1000, 5), devices(3000, 25))
        #expect(found["host.net.eth0_10.received_bytes"] == 200 && found["host.net.eth0_10.received_drops"] == 2)
        #expect(found.count == 8)
        func protocols(_ retransmits: Int) -> String {
            """
            Ip: Forwarding DefaultTTL
            Ip: 1 64
            Tcp: RtoAlgorithm MaxConn ActiveOpens CurrEstab OutSegs RetransSegs
            Tcp: 1 -1 10 42 1000 \(retransmits)
            Udp: InDatagrams InErrors
            Udp: 5 0
            """
        }
        let segments = second(.networkProtocols, protocols(7), protocols(27))
        #expect(
            segments["host.tcp.retransmits"] == 2 && segments["host.tcp.established"] == 42
                && segments["host.udp.errors"] == 0)
        // A counter that is less than before has begun anew: no rate is better than a wrong one.
        #expect(second(.networkProtocols, protocols(27), protocols(3))["host.tcp.retransmits"] == nil)
    }

    @Test("pressure is a share of the time between")
    func pressure() {
        func text(_ some: Int, _ full: Int) -> String {
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=\(some)\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=\(full)\n"
        }
        #expect(
            second(.pressureIO, text(0, 0), text(2_500_000, 500_000)) == [
                "host.pressure.io.some": 25, "host.pressure.io.full": 5,
            ])
    }

    @Test("file systems: each device once, and what df would say")
    func fileSystems() {
        let text = """
            overlay / overlay rw 0 0
            proc /proc proc rw 0 0
            /dev/sda1 /var/lib/docker/bind ext4 rw 0 0
            /dev/sda1 /data ext4 rw 0 0
            /dev/sdb1 /mnt/my\\040disk xfs rw 0 0
            tmpfs /run tmpfs rw 0 0
            """
        let systems = HostFileSystem.mounted(Array(text.utf8))
        #expect(systems.map(\.path) == ["/", "/data", "/mnt/my disk"])
        let figures = table(
            systems[2].figures(blockBytes: 4096, blocks: 1000, free: 300, available: 250, files: 100, filesFree: 25))
        #expect(
            figures["host.filesystem.mnt_my_disk.used"] == 2_867_200
                && figures["host.filesystem.mnt_my_disk.files_percent"] == 75)
        #expect(figures["host.filesystem.mnt_my_disk.used_percent"] == 73.684211)
        #expect(
            systems[0].figures(blockBytes: 0, blocks: 0, free: 9, available: 0, files: 0, filesFree: 0)[3].value == 0)
    }

    @Test("processes of an instance, also when one ends and another takes its number")
    func processes() throws {
        func process(_ pid: Int, _ user: Int, _ start: Int) throws -> ProcessStat {
            let text =
                "\(pid) (a) b) (c) S 1 1 1 0 -1 4194560 100 0 5 0 \(user) 20 0 0 20 0 3 0 \(start) 1000000 250 18446744073709551615 1\n"
            return try #require(ProcessStat(Array(text.utf8)))
        }
        var collector = ProcessCollector()
        let first = table(collector.receive([try process(7, 100, 5), try process(8, 900, 6)], descriptors: 12, at: 50))
        #expect(first == ["memory": 2_048_000, "threads": 6, "processes": 2, "descriptors": 12])
        let second = table(
            collector.receive([try process(7, 600, 5), try process(8, 10, 99)], descriptors: nil, at: 60))
        #expect(second["cpu.user"] == 51 && second["cpu.system"] == 2)
        for text in ["", "1 (a", "1 (a) S 1", "x (a) S 1 1 1 0 -1 4 1 0 5 0 1 2 0 0 20 0 3 0 4 1 2", ")1("] {
            #expect(ProcessStat(Array(text.utf8)) == nil)
        }
    }

    @Test("control groups of both versions")
    func cgroups() {
        var collector = CgroupCollector()
        _ = collector.receive(.cpu, Array("usage_usec 1000000\nuser_usec 500000\nnr_throttled 1\n".utf8), at: 0)
        let found = table(
            collector.receive(.cpu, Array("usage_usec 6000000\nuser_usec 3000000\nnr_throttled 1\n".utf8), at: 10))
        #expect(found == ["cpu.used": 50, "cpu.user": 25])
        _ = collector.receive(.oldCPU, Array("1000000000\n".utf8), at: 0)
        #expect(table(collector.receive(.oldCPU, Array("2000000000\n".utf8), at: 10)) == ["cpu.used": 10])
        #expect(table(collector.receive(.memory, Array("4096\n".utf8), at: 0)) == ["memory": 4096])
        #expect(collector.receive(.memoryMax, Array("max\n".utf8), at: 0).isEmpty)
        #expect(collector.receive(.oldMemoryMax, Array("9223372036854771712\n".utf8), at: 0).isEmpty)
    }

    @Test("of an instance with a control group, the group's figures count")
    func joined() throws {
        let stat = try #require(
            ProcessStat(Array("7 (a) S 1 7 7 0 -1 0 0 0 0 0 100 50 0 0 20 0 3 0 9 0 2\n".utf8)))
        var alone = InstanceCollector(ticksPerSecond: 100, pageBytes: 4096)
        _ = alone.receive([stat], descriptors: 4, group: [], at: 0)
        #expect(
            table(alone.receive([stat], descriptors: 4, group: [], at: 10)) == [
                "memory": 8192, "threads": 3, "processes": 1, "descriptors": 4, "cpu.user": 0, "cpu.system": 0,
            ])
        var grouped = InstanceCollector(ticksPerSecond: 100, pageBytes: 4096)
        func files(_ user: Int) -> [(file: CgroupCollector.File, bytes: [UInt8])] {
            [
                (.cpu, Array("user_usec \(user)\nsystem_usec 0\nthrottled_usec 0\n".utf8)),
                (.memory, Array("123456\n".utf8)), (.memoryMax, Array("262144\n".utf8)), (.memoryStat, []),
            ]
        }
        _ = grouped.receive([stat], descriptors: nil, group: files(0), at: 0)
        #expect(
            table(grouped.receive([stat], descriptors: nil, group: files(5_000_000), at: 10)) == [
                "memory": 123_456, "memory.max": 262_144, "threads": 3, "processes": 1, "cpu.user": 50,
                "cpu.system": 0, "cpu.throttled": 0,
            ])
    }

    @Test("this machine's own files have figures that a store takes", arguments: HostFile.allCases)
    func real(file: HostFile) throws {
        guard let text = try? Golden.read(FilePath(file.path)) else { return }
        var collector = HostCollector()
        _ = collector.receive(file, Array(text.utf8), at: 0)
        for figure in collector.receive(file, Array(text.utf8), at: 10) {
            _ = try SeriesName(figure.name)
            #expect(figure.value.isFinite && figure.value >= 0)
        }
    }

    @Test("no text ends the program", arguments: HostFile.allCases)
    func fuzz(file: HostFile) {
        var random = SeededBytes(seed: UInt64(file.rawValue.count))
        let good = [
            Array("cpu  160 10 70 890 40 0 5 25 40 0\nctxt 400\n".utf8), Array("0.20 1.18 12.12 3/180 11206\n".utf8),
            Array("MemTotal: 1000 kB\nMemAvailable: 400 kB\npswpin 3\n".utf8),
            Array("   8       0 sda 1 1 2 3 50 2 600 70 0 5 90 0 0\n".utf8),
            Array("eth0: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\nTcp: A RetransSegs\nTcp: 1 2\n".utf8),
            Array("some avg10=0.00 total=5\n".utf8),
        ]
        var collector = HostCollector()
        for round in 0..<2000 {
            var bytes = good[random.below(good.count)]
            for _ in 0...random.below(5) { random.change(&bytes, with: good) }
            for figure in collector.receive(file, bytes, at: Double(round / 2)) { #expect(figure.value.isFinite) }
            _ = HostFileSystem.mounted(bytes)
            _ = ProcessStat(bytes)
        }
    }
}
