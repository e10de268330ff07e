/// Something that happened, for `events(…)` and the marks on pictures.
package struct GraphEvent: Hashable, Sendable {
    package var id: Int
    /// Seconds since 1970.
    package var time: Int64
    package var what: String
    package var tags: [String]
    package var data: String

    package init(id: Int, time: Int64, what: String, tags: [String], data: String = "") {
        self.id = id
        self.time = time
        self.what = what
        self.tags = tags
        self.data = data
    }
}
