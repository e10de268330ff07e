/// `/render` as text: `csv` and `raw`. Source: graphite-web 1.1.10, render/views.py.
package enum RenderText {
    /// Rows of name, local time and value, with the line ends of RFC 4180.
    package static func csv(_ series: [GraphSeries], zone: TimeZoneRules) -> [UInt8] {
        var bytes: [UInt8] = []
        for one in series {
            let name = quoted(one.name)
            var time = one.start
            for value in one.consolidated(by: one.valuesPerPoint) {
                bytes.append(contentsOf: name)
                bytes.append(UInt8(ascii: ","))
                append(zone.local(time), to: &bytes)
                bytes.append(UInt8(ascii: ","))
                if !value.isNaN { PythonNumber.append(value, to: &bytes) }
                bytes.append(0x0D)
                bytes.append(0x0A)
                time += one.step
            }
        }
        return bytes
    }

    /// In quotes if it has a comma, a quote or a line end in it.
    private static func quoted(_ name: String) -> [UInt8] {
        guard name.utf8.contains(where: { [0x2C, 0x22, 0x0A, 0x0D].contains($0) }) else { return Array(name.utf8) }
        return [0x22] + name.utf8.flatMap { $0 == 0x22 ? [$0, $0] : [$0] } + [0x22]
    }

    /// `2026-11-21 04:00:00`.
    private static func append(_ time: CivilTime, to bytes: inout [UInt8]) {
        func two(_ value: Int64) {
            bytes.append(UInt8(ascii: "0") + UInt8(value / 10 % 10))
            bytes.append(UInt8(ascii: "0") + UInt8(value % 10))
        }
        two(time.year / 100)
        two(time.year % 100)
        bytes.append(UInt8(ascii: "-"))
        two(time.month)
        bytes.append(UInt8(ascii: "-"))
        two(time.day)
        bytes.append(UInt8(ascii: " "))
        two(time.hour)
        bytes.append(UInt8(ascii: ":"))
        two(time.minute)
        bytes.append(UInt8(ascii: ":"))
        two(time.second)
    }

    /// A line per series: `name,start,end,step|1.0,None,2.5`.
    package static func raw(_ series: [GraphSeries]) -> [UInt8] {
        var bytes: [UInt8] = []
        for one in series {
            bytes.append(contentsOf: "\(one.name),\(one.start),\(one.end),\(one.step)|".utf8)
            GraphJSON.list(one.consolidated(by: one.valuesPerPoint), to: &bytes) { value, bytes in
                if value.isNaN {
                    bytes.append(contentsOf: "None".utf8)
                } else {
                    PythonNumber.append(value, to: &bytes)
                }
            }
            bytes.append(0x0A)
        }
        return bytes
    }
}
