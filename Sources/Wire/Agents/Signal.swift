/// Something that happens once, and that one task waits for.
package struct Signal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    package init() { (stream, continuation) = AsyncStream.makeStream() }

    package func give() { continuation.finish() }

    /// Returns when the signal was given, or the task is cancelled.
    package func wait() async {
        for await _ in stream {}
    }
}
