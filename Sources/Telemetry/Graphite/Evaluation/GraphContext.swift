/// The times and settings under which a part of a target is evaluated. Functions that look back evaluate
/// their argument again in a copy with other times.
final class GraphContext {
    /// Seconds since 1970: what is later than `start`, up to and including `end`.
    var start: Int64
    var end: Int64
    let now: Int64
    let zone: TimeZoneRules
    /// The share of points that a result needs, unless a function says otherwise. `setXFilesFactor` changes
    /// it for what is evaluated after it, as Graphite does.
    var xFilesFactor: Double
    /// The sums that `stacked` has reached, by the stack's name.
    var stacks: [String: [Double]] = [:]
    let session: GraphSession

    init(start: Int64, end: Int64, now: Int64, zone: TimeZoneRules, xFilesFactor: Double, session: GraphSession) {
        self.start = start
        self.end = end
        self.now = now
        self.zone = zone
        self.xFilesFactor = xFilesFactor
        self.session = session
    }

    /// A copy with other times. Its stacks and factor are its own.
    func moved(start: Int64, end: Int64) -> GraphContext {
        let copy = GraphContext(
            start: start, end: end, now: now, zone: zone, xFilesFactor: xFilesFactor, session: session)
        copy.stacks = stacks
        return copy
    }
}
