/// Finds series by their path and by their tags.
struct SeriesIndex: Sendable {
    private(set) var tree: PathTree
    private(set) var tags: TagIndex

    init(seed: UInt64) {
        tree = PathTree(seed: seed)
        tags = TagIndex(seed: seed)
    }

    var footprint: Int { tree.footprint + tags.footprint }

    private static func isTagged(_ name: UnsafeRawBufferPointer) -> Bool { name.contains(UInt8(ascii: ";")) }

    mutating func add(_ name: UnsafeRawBufferPointer, _ place: UInt32) {
        if Self.isTagged(name) {
            tags.add(SeriesName(canonical: String(decoding: name, as: UTF8.self)), place)
        } else {
            tree.add(name, place)
        }
    }

    mutating func remove(_ name: UnsafeRawBufferPointer, _ place: UInt32) {
        if Self.isTagged(name) {
            tags.remove(SeriesName(canonical: String(decoding: name, as: UTF8.self)), place)
        } else {
            tree.remove(name)
        }
    }

    /// The places of the series that fulfil all conditions, in no order.
    func places(where conditions: [TagCondition], in table: borrowing SeriesTable) throws(TelemetryProblem) -> [UInt32]
    {
        var tests: [TagTest] = []
        for condition in conditions { tests.append(try TagTest(condition)) }
        guard tests.contains(where: \.demands) else {
            throw TelemetryProblem(
                "series.tag-condition-missing", "The series were not looked up.",
                cause: "No condition demands a tag, so all series would be read.",
                remedy: "Add a condition that an empty value does not fulfil, as `name=disk.used`.")
        }
        // The most exact first: what it leaves is what the others are tried on.
        let first =
            tests.first { $0.exact != nil && $0.demands } ?? tests.first { $0.demands && $0.key != "name" }
            ?? tests[0]
        var candidates =
            first.exact.map { tags.places(first.key, $0) }
            ?? tags.values(of: first.key).filter { first.holds($0.text) }.flatMap(\.places)
        if tests.allSatisfy({ !$0.demands || $0.key == "name" }) { candidates += untagged(first, table) }
        return candidates.filter { place in
            let name = SeriesName(canonical: table.names.text(of: place))
            let pairs = TagIndex.pairs(name)
            return tests.allSatisfy { test in test.holds(pairs.first { $0.0 == test.key }?.1 ?? "") }
        }
    }

    /// Series without tags are found by their names alone.
    private func untagged(_ test: TagTest, _ table: borrowing SeriesTable) -> [UInt32] {
        if var exact = test.exact {
            let place = exact.withUTF8 { table.place(of: UnsafeRawBufferPointer($0)) }
            return place.map { exact.contains(";") ? [] : [$0] } ?? []
        }
        var result: [UInt32] = []
        for place in table.livePlaces where table.names.bytes(of: place, { !Self.isTagged($0) }) {
            if test.holds(table.names.text(of: place)) { result.append(place) }
        }
        return result
    }
}
