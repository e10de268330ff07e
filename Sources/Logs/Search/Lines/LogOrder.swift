/// In which order lines are given.
package enum LogOrder: Hashable, Sendable {
    case newestFirst, oldestFirst
}
