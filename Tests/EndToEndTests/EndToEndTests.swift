import Testing

/// The real program, whole: each test has a fleet of its own, one at a time.
@Suite("End to end", .serialized)
struct EndToEndTests {}
