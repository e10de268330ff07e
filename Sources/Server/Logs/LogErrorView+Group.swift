import Logs
import Wire

extension LogErrorView {
    init(_ group: ErrorGroup, query: LogQuery) {
        // A line is older than its arrival, and a search from here on is to find it.
        let first = min(group.firstAt, group.samples.map(\.time).min() ?? group.firstAt)
        self.init(
            app: group.app, text: group.text, level: group.levelOfLines.word, count: group.count,
            first: LogTime.text(first), last: LogTime.text(group.lastAt), firstRelease: group.firstRelease,
            lastRelease: group.lastRelease, told: group.told.map { LogTime.text($0.at) },
            samples: group.samples.map {
                Sample(time: LogTime.text($0.time), host: $0.host, instance: $0.instance, text: $0.text)
            }, query: query.description)
    }
}
