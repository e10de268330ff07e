package import Core
package import Logs

/// What pages, the API and senders of lines ask of the server's logs.
package protocol LogsOperations: RawLogOperations {
    /// Where searches read from, with what one may take.
    var search: LogSearch { get }

    /// Keeps lines: no loss of power takes them back once it returns.
    /// - Parameter read: fills the processor, which runs git's pipelines, and says what the sender is answered.
    func take<Answer: Sendable>(
        _ read: @Sendable (inout LogProcessor) throws(Problem) -> Answer
    ) async throws(Problem) -> Answer

    /// Lines that fulfil a filter, as they arrive. Whoever is too slow misses lines, and is told how many.
    func follow<Item: Sendable>(
        _ filter: LogFilter, _ item: @escaping @Sendable (LogArrival) -> Item
    ) -> AsyncStream<Item>

    /// Kinds of errors that an app or all have logged, the last one that was seen first, each with the search for its
    /// lines.
    func errors(of app: String?) -> [(group: ErrorGroup, query: LogQuery)]
}

/// What a follower is told.
package enum LogArrival: Sendable {
    case line(Logs.LogLine)
    /// So many lines were left out, because they came faster than they were taken.
    case missed(Int)
}
