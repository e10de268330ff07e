/// Points as the body of a request of Prometheus' remote_write 1.0, packed with Snappy. Source: prometheus.io,
/// "Prometheus Remote-Write 1.0"; prometheus/prometheus, prompb/remote.proto and prompb/types.proto.
///
/// Prometheus has fewer characters for names: those that it does not know become `_`, and then the label
/// `path` has the path as it was, so that no two series become one.
package enum RemoteWriteBody {
    package static func encode(_ shipment: Relay.Shipment) -> [UInt8] {
        var order: [String] = []
        var samples: [String: [(time: Int64, value: Double)]] = [:]
        for sent in shipment.points {
            if samples[sent.point.name] == nil { order.append(sent.point.name) }
            samples[sent.point.name, default: []].append((sent.point.time, sent.point.value))
        }
        var bytes: [UInt8] = []
        for name in order {
            var series: [UInt8] = []
            for (key, value) in labels(of: SeriesName(canonical: name)) {
                var label: [UInt8] = []
                append(1, Array(key.utf8), to: &label)
                append(2, Array(value.utf8), to: &label)
                append(1, label, to: &series)
            }
            // Samples of a series must be in order of time; of one time the last counts.
            var last: [Int64: Double] = [:]
            for sample in samples[name] ?? [] { last[sample.time] = sample.value }
            for (time, value) in last.sorted(by: { $0.key < $1.key }) {
                var sample: [UInt8] = [1 << 3 | 1]
                sample.append(fixed: value.bitPattern)
                sample.append(2 << 3)
                sample.append(varint: UInt64(bitPattern: time &* 1000))
                append(2, sample, to: &series)
            }
            append(1, series, to: &bytes)
        }
        return Snappy.packed(bytes)
    }

    /// In order of their keys, as receivers demand.
    static func labels(of name: SeriesName) -> [(key: String, value: String)] {
        let path = String(name.path)
        let metric = plain(path, allowsColon: true)
        var labels: [String: String] = ["__name__": metric]
        if metric != path { labels["path"] = path }
        for tag in name.tags {
            var key = plain(String(tag.key), allowsColon: false)
            while labels[key] != nil { key = "exported_" + key }
            labels[key] = String(tag.value)
        }
        return labels.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { (key: $0.key, value: $0.value) }
    }

    private static func plain(_ text: String, allowsColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
            let isDigit = byte >= 0x30 && byte <= 0x39
            if bytes.isEmpty, isDigit { bytes.append(UInt8(ascii: "_")) }
            let isAllowed = isLetter || isDigit || (allowsColon && byte == UInt8(ascii: ":"))
            bytes.append(isAllowed ? byte : UInt8(ascii: "_"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ field: UInt8, _ content: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(field << 3 | 2)
        bytes.append(varint: content.count)
        bytes.append(contentsOf: content)
    }
}
