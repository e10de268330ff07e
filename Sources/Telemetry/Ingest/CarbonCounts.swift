/// What a carbon listener took in since it was started.
package struct CarbonCounts: Hashable, Sendable {
    /// Points that are in the sink.
    package var points: UInt64 = 0
    /// Lines and pickles that are malformed.
    package var bad: UInt64 = 0
    /// Points of series that the sink refused: no name, or too many.
    package var refused: UInt64 = 0
    /// Points that the sink could not take.
    package var failed: UInt64 = 0
    /// Datagrams that the kernel dropped, because nobody read them in time.
    package var packetsDropped: UInt64 = 0

    package init() {}
}
