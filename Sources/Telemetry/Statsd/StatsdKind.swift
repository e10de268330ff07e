/// What a statsd client measures. The raw value is part of formats; it never changes.
package enum StatsdKind: UInt8, BitwiseCopyable, CaseIterable, Hashable, Sendable {
    case counter = 1
    case gauge = 2
    case timer = 3
    case set = 4
}
