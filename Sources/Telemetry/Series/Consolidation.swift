/// How several points become one: when a series is rolled up into a coarser resolution, and when it has
/// more points than a picture has pixels. Missing points (NaN) take no part; of nothing comes nothing.
package enum Consolidation: String, CaseIterable, Hashable, Sendable {
    case average, sum, min, max, last, first
}
