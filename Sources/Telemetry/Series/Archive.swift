/// One resolution of a series and how long it is kept: `10s:6h`.
package struct Archive: Hashable, Sendable {
    /// Seconds between two points.
    package var step: Int
    /// Seconds that a point is kept.
    package var retention: Int

    package init(step: Int, retention: Int) {
        self.step = step
        self.retention = retention
    }

    /// Reads a list as whisper's users write it, `10s:6h,1m:6d,10m:1800d`: the step, then how long it is kept
    /// or, as a bare number, how many points. Bare steps are seconds.
    ///
    /// Each step divides the next, is kept shorter than the next, and long enough to fill one slot of it.
    /// Source: whisper.py, `parseRetentionDef` and `validateArchiveList`.
    package static func list(_ text: String) throws(TelemetryProblem) -> [Archive] {
        var archives: [Archive] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false)
                .map { half in half.drop { $0 == " " } }
            guard halves.count == 2, let step = seconds(halves[0]), step > 0, step <= stepMax else {
                throw refusal(text, "`\(part)` is not `STEP:KEPT`, as `10s:6h` is.")
            }
            let points = Int(halves[1]).flatMap { $0.multipliedReportingOverflow(by: step) }
            guard let kept = points ?? (Int(halves[1]) == nil ? seconds(halves[1]) : nil), kept >= step,
                kept <= retentionMax
            else { throw refusal(text, "`\(part)` keeps nothing, or for more than 100 years.") }
            archives.append(Archive(step: step, retention: kept))
        }
        archives.sort { $0.step < $1.step }
        for (finer, coarser) in zip(archives, archives.dropFirst()) {
            guard finer.step != coarser.step, coarser.step % finer.step == 0 else {
                throw refusal(text, "\(coarser.step) s is not a multiple of \(finer.step) s.")
            }
            guard finer.retention < coarser.retention else {
                throw refusal(text, "\(finer.step) s is kept as long as \(coarser.step) s, or longer.")
            }
            guard finer.retention >= coarser.step else {
                throw refusal(text, "\(finer.step) s is not kept long enough to fill a step of \(coarser.step) s.")
            }
        }
        return archives
    }

    private static let stepMax = 366 * 86_400
    private static let retentionMax = 100 * 366 * 86_400

    /// `10`, `10s`, `5m`, `5min`, `1h`, `6d`, `2w`, `1y`.
    private static func seconds(_ text: Substring) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let unit = text.dropFirst(digits.count)
        let known = [
            ("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400), ("weeks", 604_800),
            ("years", 31_536_000),
        ]
        guard let factor = unit.isEmpty ? 1 : known.first(where: { $0.0.hasPrefix(unit) })?.1 else { return nil }
        return number.multipliedReportingOverflow(by: factor)
    }

    private static func refusal(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "series.retention-invalid", "The retention `\(text)` was not taken.", cause: cause,
            remedy: "Write from fine to coarse, each kept longer than the one before: `10s:6h,1m:6d,10m:1800d`.")
    }
}

extension Int {
    /// The product, or nil if it does not fit.
    fileprivate func multipliedReportingOverflow(by factor: Int) -> Int? {
        let (product, overflow): (Int, Bool) = multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
