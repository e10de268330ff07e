/// The body of a request of Prometheus' remote_write 1.0. Sources: prometheus.io, "Prometheus Remote-Write 1.0";
/// prometheus/prometheus, prompb/remote.proto and prompb/types.proto.
package struct RemoteWrite: Sendable {
    /// What a body may be when it is unpacked.
    package static let bytesMax = 64 << 20

    package var points: NamedPoints
    /// Marks of series that have ended: what has no points is a gap without them.
    package var staleMarks = 0
    /// Native histograms, which have no place among points.
    package var histograms = 0

    /// A NaN of these bits says that a series has ended. Source: prometheus/prometheus, model/value/value.go.
    private static let staleMark: UInt64 = 0x7FF0_0000_0000_0002

    /// Reads a body as it came: packed with Snappy's block format.
    package init(_ body: [UInt8]) throws(TelemetryProblem) {
        points = NamedPoints()
        let bytes = try Snappy.unpacked(body, bytesMax: Self.bytesMax)
        var reader = WireReader(bytes)
        var name = TaggedName()
        while let (field, value) = try reader.next() {
            guard field == 1, case .bytes(let range) = value else { continue }
            try readSeries(bytes, range, &name)
        }
    }

    /// Labels may come after samples, so it is read twice.
    private mutating func readSeries(_ bytes: [UInt8], _ range: Range<Int>, _ name: inout TaggedName)
        throws(TelemetryProblem)
    {
        var labels: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] = []
        var reader = WireReader(bytes, range)
        while let (field, value) = try reader.next() {
            guard field == 1, case .bytes(let range) = value else { continue }
            labels.append(try readLabel(bytes, range))
            guard labels.count <= ExpositionReader.labelsMax else {
                throw TelemetryProblem(
                    "remote-write.labels-too-many", "The request was not taken.",
                    cause: "A series has more than \(ExpositionReader.labelsMax) labels.",
                    remedy: "Drop labels in the sender's `write_relabel_configs`.")
            }
        }
        name.begin(labels.first { $0.key.elementsEqual("__name__".utf8) }?.value ?? [])
        for label in labels where !label.key.elementsEqual("__name__".utf8) { name.add(label.key, label.value) }
        reader = WireReader(bytes, range)
        while let (field, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            if field == 2 { try readSample(bytes, range, &name) }
            if field == 4 { histograms += 1 }
        }
    }

    private func readLabel(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(TelemetryProblem) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        var reader = WireReader(bytes, range)
        var label: (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>) = ([], [])
        while let (field, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            if field == 1 { label.key = bytes[range] }
            if field == 2 { label.value = bytes[range] }
        }
        return label
    }

    private mutating func readSample(_ bytes: [UInt8], _ range: Range<Int>, _ name: inout TaggedName)
        throws(TelemetryProblem)
    {
        var reader = WireReader(bytes, range)
        var (bits, milliseconds) = (UInt64(0), Int64(0))
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .fixed64(let number)): bits = number
            case (2, .varint(let number)): milliseconds = Int64(bitPattern: number)
            default: break
            }
        }
        if bits == Self.staleMark {
            staleMarks += 1
            return
        }
        points.append(&name, time: milliseconds.flooredQuotient(1000), value: Double(bitPattern: bits))
    }
}
