import Glibc
import Logs
import SystemPackage

/// Writes the corpus for others to read.
enum CorpusFiles {
    /// The lines as they are.
    static func writeText(_ path: FilePath, lines: Int) throws {
        try write(path, lines: lines) { burst, output in output += burst.text }
    }

    /// Tab-separated: nanoseconds since 1970, app, host, source, line.
    static func writeRows(_ path: FilePath, lines: Int) throws {
        try write(path, lines: lines) { burst, output in
            let labels = ["app", "host", "source"].map { burst.stream[$0] ?? "" }.joined(separator: "\t")
            var start = 0
            for time in burst.times {
                let end = burst.text[start...].firstIndex(of: 0x0A) ?? burst.text.count
                output += "\(time)\t\(labels)\t".utf8
                output += burst.text[start...end]
                start = end + 1
            }
        }
    }

    /// Tab-separated: nanoseconds since 1970, app, host, source, level, message, and fields as ClickHouse reads a map:
    /// what our store keeps.
    static func writeParsedRows(_ path: FilePath, lines: Int) throws {
        var parser = try BurstParser()
        try write(path, lines: lines) { burst, output in
            let batch = parser.batch(burst)
            let labels = ["app", "host", "source"].map { burst.stream[$0] ?? "" }.joined(separator: "\t")
            func text(_ text: LogBatch.Text) -> ArraySlice<UInt8> {
                batch.bytes[Int(text.start)..<Int(text.start) + Int(text.count)]
            }
            for line in batch.lines {
                output += "\(line.time)\t\(labels)\t\(line.level)\t".utf8
                output += text(line.message)
                output += "\t{".utf8
                let first = Int(line.firstField)
                for (place, field) in batch.fields[first..<first + Int(line.fieldCount)].enumerated() {
                    output += "\(place > 0 ? "," : "")'\(batch.names[Int(field.name)])':'".utf8
                    output += text(field.value)
                    output += "'".utf8
                }
                output += "}\n".utf8
            }
        }
    }

    /// Messages of syslog, a line each, in the form of RFC 3164: what the line says, from the host that says it, of the
    /// last days.
    static func writeSyslog(_ path: FilePath, lines: Int) throws {
        var parser = try BurstParser()
        let ago = Int(time(nil)) - 2 * 86_400 - Int(Corpus.start / 1_000_000_000)
        try write(path, lines: lines) { burst, output in
            let batch = parser.batch(burst)
            let (app, host) = (burst.stream["app"] ?? "", burst.stream["host"] ?? "")
            for (line, time) in zip(batch.lines, burst.times) {
                let stamp = Self.stamp(Int(time / 1_000_000_000) + ago)
                // Facility local0.
                let severity = [6, 7, 7, 6, 5, 4, 3, 2, 1, 0][Int(line.level)]
                output += "<\(128 + severity)>\(stamp) \(host) \(app)[\(line.stream + 100)]: ".utf8
                output += batch.bytes[Int(line.message.start)..<Int(line.message.start) + Int(line.message.count)]
                output.append(0x0A)
            }
        }
    }

    /// `Nov 19 12:00:00`, in UTC.
    private static func stamp(_ seconds: Int) -> String {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        return String(unsafeUninitializedCapacity: 32) {
            $0.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress, $0.count, "%b %e %H:%M:%S", &parts) }
        }
    }

    private static func write(
        _ path: FilePath, lines: Int, _ form: (Corpus.Burst, inout [UInt8]) throws -> Void
    ) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try file.closeAfter {
            var corpus = Corpus(lines: lines)
            var output: [UInt8] = []
            while let burst = corpus.next() {
                try form(burst, &output)
                if output.count > 1 << 20 {
                    try file.writeAll(output)
                    output.removeAll(keepingCapacity: true)
                }
            }
            try file.writeAll(output)
        }
    }
}
