import Core

/// `fabrics/NAME.yaml` and `classes/NAME.yaml`.
extension SchemaReader {
    static let fabricKeys: Set<String> = ["fabric", "regions", "apply", "lost-host-grace", "lost-hosts-max"]
    static let classKeys: Set<String> = ["class", "version", "labels"]

    func fabric(file: String, name fileName: String) -> FabricDeclaration? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "a fabric", keys: Self.fabricKeys, log: log)
        else { return nil }
        let name = name("fabric", in: reader, fileName: fileName, as: FabricName.self)
        var policy = FabricPolicy()
        if let apply = reader.choice("apply", of: FabricPolicy.Apply.self) { policy.apply = apply.value }
        if let grace = reader.interval("lost-host-grace", in: .seconds(5)...Interval(milliseconds: 86_400_000)) {
            policy.lostHostGrace = grace.value
        }
        if let share = reader.parse("lost-hosts-max", { text throws(Problem) in try Share(text) }) {
            policy.lostHostsMax = share.value
        }
        let regions = reader.has("regions") ? regions(reader) : nil
        return name.map { FabricDeclaration(name: $0, policy: policy, regions: regions) }
    }

    private func regions(_ reader: MappingReader) -> [ZoneName: RegionName] {
        var regions: [ZoneName: RegionName] = [:]
        for entry in reader.entries("regions") {
            guard let region = log.name(key: entry, as: RegionName.self) else { continue }
            var zones = [entry.value]
            if case .list(let items) = entry.value.content { zones = items }
            for item in zones {
                guard let zone = log.name(item, of: entry.key, as: ZoneName.self) else { continue }
                if let other = regions[zone.value] {
                    log.error(
                        "zone.duplicate", at: zone.position, "Zone \(zone.value) is in region \(other) already.",
                        hint: "give each zone of a fabric a name of its own: \(region.value)-\(zone.value)")
                }
                regions[zone.value] = region.value
            }
        }
        return regions
    }

    func hostClass(file: String, name fileName: String) -> ClassDeclaration? {
        guard let value = value(ofFile: file),
            let reader = MappingReader(value, noun: "a host class", keys: Self.classKeys, log: log)
        else { return nil }
        let name = name("class", in: reader, fileName: fileName, as: HostClassName.self)
        if !reader.has("version") {
            reader.reportMissing("version", hint: "write `version: 1`, and raise it with each change")
        }
        let version = reader.has("version") ? reader.integer("version", in: 1...1_000_000) : nil
        let labels = labels(reader)
        return name.map {
            ClassDeclaration(
                name: $0, spec: HostClassSpec(name: $0.value, version: version?.value ?? 1, labels: labels))
        }
    }
}
