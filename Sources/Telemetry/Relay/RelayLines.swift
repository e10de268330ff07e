/// Points as Graphite's lines, `name value time`. Source: graphite-web, docs/feeding-carbon.rst.
package enum RelayLines {
    package static func encode(_ shipment: Relay.Shipment) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(shipment.points.count * 64)
        for sent in shipment.points {
            bytes.append(contentsOf: sent.point.name.utf8)
            bytes.append(ASCII.space)
            PythonNumber.append(sent.point.value, to: &bytes)
            bytes.append(contentsOf: " \(sent.point.time)\n".utf8)
        }
        return bytes
    }
}
