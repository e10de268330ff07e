import Core
package import Telemetry
import Wire

extension GraphEvent {
    private static let dataHead = "execution "

    /// A mark for what people do; what Apus mends by itself has none.
    init?(_ execution: ExecutionView) {
        let what: String
        switch execution.kind {
        case .deploy: what = "\(execution.app)\(execution.release.map { " r\($0)" } ?? "")"
        case .rollback: what = "\(execution.app) back\(execution.release.map { " to r\($0)" } ?? "")"
        default: return nil
        }
        var tags = [execution.kind.rawValue, execution.app.text]
        if execution.state == .failed || execution.state == .aborted { tags.append("failed") }
        self.init(
            id: Int(execution.id.text) ?? 0, time: execution.startedAt.milliseconds / 1000, what: what, tags: tags,
            data: "\(Self.dataHead)\(execution.id), \(execution.state.rawValue), by \(execution.startedBy)")
    }

    /// The execution that it is a mark of.
    package var execution: Int64? {
        guard tags.first == "deploy" || tags.first == "rollback", data.hasPrefix(Self.dataHead) else { return nil }
        return Int64(data.dropFirst(Self.dataHead.count).prefix { $0.isASCII && $0.isNumber })
    }
}
