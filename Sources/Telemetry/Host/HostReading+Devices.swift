extension HostReading {
    /// /proc/diskstats: of whole disks. Partitions, and what is no disk, are left out.
    mutating func readDisks() {
        var disks: [(name: ArraySlice<UInt8>, numbers: [UInt64])] = []
        var text = ProcText(bytes)
        while var line = text.line() {
            line.skip(2)
            guard let name = line.word(), !Self.isVirtual(name) else { continue }
            let numbers = line.numbers()
            // A disk that has never been used is not worth its series.
            guard numbers.count >= 11, numbers[0] > 0 || numbers[4] > 0 else { continue }
            disks.append((name, numbers))
        }
        let names = disks.map(\.name)
        let whole = disks.filter { disk in !names.contains { Self.isPartition(disk.name, of: $0) } }
        for (name, numbers) in whole.prefix(HostCollector.devicesMax) {
            addDisk("host.disk.\(ProcLine.node(name))", numbers)
        }
    }

    private mutating func addDisk(_ name: String, _ numbers: [UInt64]) {
        addRate("\(name).reads", numbers[0])
        addRate("\(name).writes", numbers[4])
        // A sector of these figures has 512 bytes, whatever the disk's has.
        addRate("\(name).read_bytes", numbers[2], factor: 512)
        addRate("\(name).written_bytes", numbers[6], factor: 512)
        // Times are of 32 bits, in milliseconds.
        addRate("\(name).busy", numbers[9], factor: 0.1, bits: 32)
        addRate("\(name).queue", numbers[10], factor: 0.001, bits: 32)
        addWait("\(name).read_wait", count: numbers[0], milliseconds: numbers[3])
        addWait("\(name).write_wait", count: numbers[4], milliseconds: numbers[7])
    }

    /// How long one took, in milliseconds. Of none there is no figure.
    private mutating func addWait(_ name: String, count: UInt64, milliseconds: UInt64) {
        let counted = counters.growth("\(name).count", count)
        let waited = counters.growth("\(name).time", milliseconds, bits: 32)
        if let counted, let waited, counted > 0, elapsed != nil { add(name, waited / counted) }
    }

    private static func isVirtual(_ name: ArraySlice<UInt8>) -> Bool {
        ["loop", "ram", "zram", "sr", "fd", "nbd"].contains { prefix in
            name.starts(with: prefix.utf8) && name.dropFirst(prefix.utf8.count).allSatisfy(isDigit)
        }
    }

    /// `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`.
    private static func isPartition(_ name: ArraySlice<UInt8>, of disk: ArraySlice<UInt8>) -> Bool {
        guard name.count > disk.count, name.starts(with: disk) else { return false }
        var rest = name.dropFirst(disk.count)
        if let last = disk.last, isDigit(last) {
            guard rest.first == UInt8(ascii: "p") else { return false }
            rest = rest.dropFirst()
        }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// /proc/net/dev: `  eth0: 1234 …`, sixteen figures. The loop and the host's ends of containers are left out.
    mutating func readNetworkDevices() {
        let figures = [
            (0, "received_bytes"), (1, "received_packets"), (2, "received_errors"), (3, "received_drops"),
            (8, "sent_bytes"),
            (9, "sent_packets"), (10, "sent_errors"), (11, "sent_drops"),
        ]
        var text = ProcText(bytes)
        var devices = 0
        while var line = text.line() {
            guard let name = line.part(until: UInt8(ascii: ":")), !name.elementsEqual("lo".utf8),
                !name.starts(with: "veth".utf8)
            else { continue }
            let numbers = line.numbers()
            guard numbers.count >= 16, devices < HostCollector.devicesMax else { continue }
            devices += 1
            let prefix = "host.net.\(ProcLine.node(name))"
            for (index, figure) in figures { addRate("\(prefix).\(figure)", numbers[index]) }
        }
    }

    /// /proc/net/snmp: a line of names, then one of numbers, for each protocol.
    mutating func readNetworkProtocols() {
        let rates = [
            "Tcp:RetransSegs": "host.tcp.retransmits", "Tcp:OutSegs": "host.tcp.sent_segments",
            "Tcp:InSegs": "host.tcp.received_segments", "Tcp:InErrs": "host.tcp.errors",
            "Tcp:ActiveOpens": "host.tcp.opened",
            "Tcp:PassiveOpens": "host.tcp.accepted", "Tcp:OutRsts": "host.tcp.resets_sent",
            "Udp:InDatagrams": "host.udp.received", "Udp:OutDatagrams": "host.udp.sent",
            "Udp:InErrors": "host.udp.errors",
            "Udp:RcvbufErrors": "host.udp.buffer_errors", "Udp:NoPorts": "host.udp.refused",
        ]
        var text = ProcText(bytes)
        while var names = text.line() {
            guard let name = names.word(), name.elementsEqual("Tcp:".utf8) || name.elementsEqual("Udp:".utf8) else {
                continue
            }
            guard var numbers = text.line(), numbers.word() == name else { continue }
            while let column = names.word(), let number = numbers.word() {
                // Some of the others may be negative; those that are read are not.
                guard let value = ProcLine.number(number) else { continue }
                let key = String(decoding: name + column, as: UTF8.self)
                if key == "Tcp:CurrEstab" { add("host.tcp.established", Double(value)) }
                if let figure = rates[key] { addRate(figure, value) }
            }
        }
    }
}
