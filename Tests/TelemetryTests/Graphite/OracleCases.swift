import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import Telemetry

/// What graphite-web gave for targets over generated series: `bin/lib/graphite_oracle.py` writes it.
struct OracleCases: Decodable {
    struct Stored: Decodable {
        var name: String
        var start: Int64
        var step: Int64
        var values: [Double?]
    }

    struct Case: Decodable, CustomTestStringConvertible {
        var function: String
        var target: String
        var from: Int64
        var until: Int64
        var xFilesFactor: Double
        var maxDataPoints: Int?
        var noNullPoints: Bool?
        var expected: [Expected]

        var testDescription: String { "\(target) \(from)…\(until) \(maxDataPoints ?? 0) \(xFilesFactor)" }
    }

    struct Expected: Decodable {
        var target: String?
        var tags: [String: String]
        var values: [Value]
        /// All of them; or first, step and count if `regular`.
        var times: [Int64]
        var regular: Bool?

        var allTimes: [Int64] {
            regular == true ? (0..<times[2]).map { times[0] + $0 * times[1] } : times
        }
    }

    enum Value: Decodable {
        case none
        case number(Double)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .none
            } else if let text = try? container.decode(String.self) {
                self = .number(text == "inf" ? .infinity : -.infinity)
            } else {
                self = .number(try container.decode(Double.self))
            }
        }

        /// NaN if there is none.
        var double: Double { if case .number(let value) = self { value } else { .nan } }
    }

    struct Parameter: Decodable {
        var name: String
        var type: String
        var required: Bool?
        var multiple: Bool?
    }

    struct Function: Decodable {
        var group: String
        var params: [Parameter]
    }

    struct Moment: Decodable {
        var text: String
        var zone: String
        var now: Int64
        var expected: Int64

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            zone = try container.decode(String.self)
            now = try container.decode(Int64.self)
            expected = try container.decode(Int64.self)
        }
    }

    var now: Int64
    var series: [Stored]
    var cases: [Case]
    var times: [Moment]
    var functions: [String: Function]

    var source: MemorySeriesSource {
        MemorySeriesSource(
            series.map {
                SeriesWindow(name: $0.name, start: $0.start, step: $0.step, values: $0.values.map { $0 ?? .nan })
            })
    }

    /// The cases that are kept here, or those of the file that APUS_GRAPHITE_CASES names; none if it cannot be
    /// read, which the tests notice.
    static let all = (try? read()) ?? OracleCases(now: 0, series: [], cases: [], times: [], functions: [:])

    static func read() throws -> OracleCases {
        var kept = FilePath(#filePath)
        kept.removeLastComponent()
        kept.removeLastComponent()
        let path = getenv("APUS_GRAPHITE_CASES").map { FilePath(String(cString: $0)) }
        let file = try FileDescriptor.open(path ?? kept.appending("Golden/graphite-web.json"), .readOnly)
        let bytes = try file.closeAfter {
            let size = Int(try file.seek(offset: 0, from: .end))
            try file.seek(offset: 0, from: .start)
            return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                while count < size {
                    let rest = UnsafeMutableRawBufferPointer(buffer)[count...]
                    let more = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: rest))
                    if more == 0 { break }
                    count += more
                }
            }
        }
        return try JSONDecoder().decode(OracleCases.self, from: Data(bytes))
    }
}
