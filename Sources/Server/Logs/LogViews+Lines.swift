import ControlPlane
import Logs
import Telemetry
import Wire

extension LogLineView {
    init(_ line: Logs.LogLine) {
        var labels: [String: String] = [:]
        for label in line.stream.labels { labels[label.name] = label.value }
        var fields: [String: String] = [:]
        for field in line.fields { fields[field.name] = String(decoding: field.value, as: UTF8.self) }
        self.init(
            position: line.position.description, time: LogTime.text(line.time), level: line.level.word,
            message: String(decoding: line.message, as: UTF8.self), labels: labels, fields: fields)
    }

    /// What a follower is told; what it missed is a line without a place.
    init(_ arrival: LogArrival) {
        switch arrival {
        case .line(let line): self.init(line)
        case .missed(let count):
            self.init(
                position: "", time: "", level: LogLevel.warn.word,
                message: "\(count) lines were left out here: they came faster than they were read.", labels: [:],
                fields: [:])
        }
    }
}

extension LogReportView {
    init(_ report: LogSearchReport) {
        var notices: [String] = []
        if let stop = report.stop, stop != .lines { notices.append(stop.sentence) }
        if report.damagedBlocks > 0 {
            notices.append(
                "\(report.damagedBlocks) blocks of lines could not be read: \(report.problems.first?.cause ?? "").")
        }
        self.init(
            next: report.next?.description, isPartial: report.isPartial, notices: notices,
            rowsRead: report.rowsRead, bytesRead: report.bytesRead)
    }
}

extension LogHistogramView {
    init(_ counts: LogLevelCounts) {
        let buckets = counts.counts.enumerated().map { index, levels in
            var named: [String: Int] = [:]
            for (number, count) in levels.enumerated() where count > 0 {
                named[LogLevel(rawValue: UInt8(number))?.word ?? "", default: 0] += count
            }
            return Bucket(time: LogTime.text(counts.start + Int64(index) * counts.span), counts: named)
        }
        self.init(step: counts.span / 1_000_000, buckets: buckets, report: LogReportView(counts.report))
    }
}

extension LogFieldView {
    init(_ field: LogFieldSummary) {
        self.init(
            name: field.name, isLabel: field.isLabel, count: field.lines,
            values: field.top.map { Value(value: String(decoding: $0.value, as: UTF8.self), count: $0.lines) })
    }
}
