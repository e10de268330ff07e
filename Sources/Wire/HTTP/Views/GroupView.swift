/// What has the same under a key, counted.
package struct GroupView: Codable, Hashable, Sendable {
    /// nil: those that have nothing there.
    package var value: String?
    package var counts: ColourCounts

    package init(value: String?, counts: ColourCounts) {
        self.value = value
        self.counts = counts
    }
}
