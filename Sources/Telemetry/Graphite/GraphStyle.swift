/// How a series is drawn, as Graphite's functions of the group "Graph" say. Pictures read it.
package struct GraphStyle: Hashable, Sendable {
    /// A name (`red`) or `RRGGBB`, as the user wrote it.
    package var color: String?
    /// Pixels.
    package var lineWidth: Double?
    /// The length of dashes in pixels; nil is a solid line.
    package var dashed: Double?
    /// Opacity, 0…1.
    package var alpha: Double?
    /// The area under it is filled. Its values have already been added to those of the series below it.
    package var isStacked = false
    /// Its area is not filled and its line not drawn: the lower edge of an area between two.
    package var isInvisible = false
    /// Read at the axis on the right.
    package var isOnSecondAxis = false
    /// Each value that is not zero is a line from bottom to top.
    package var isDrawnAsInfinite = false

    package init() {}
}
