package import Core

/// A series as a query gave it.
package struct SeriesView: Codable, Hashable, Sendable {
    package var name: String
    /// Of the first value, in seconds since 1970.
    package var start: Int64
    /// Seconds between two values.
    package var step: Int64
    /// nil where there is none. What is infinite is none either: JSON has no word for it.
    package var values: [Double?]

    package init(name: String, start: Int64, step: Int64, values: [Double?]) {
        self.name = name
        self.start = start
        self.step = step
        self.values = values
    }
}

/// A point that somebody sends.
package struct PointView: Codable, Hashable, Sendable {
    /// `path` or `path;key=value;…`.
    package var name: String
    /// nil: now.
    package var time: Instant?
    package var value: Double

    package init(name: String, time: Instant? = nil, value: Double) {
        self.name = name
        self.time = time
        self.value = value
    }
}

/// What became of points that were sent.
package struct PointsTakenView: Codable, Hashable, Sendable {
    package var taken: Int
    package var refused: Int
    /// Why one of them was refused.
    package var reason: String?

    package init(taken: Int, refused: Int, reason: String? = nil) {
        self.taken = taken
        self.refused = refused
        self.reason = reason
    }
}

/// A node of the tree of series' paths, or a whole name.
package struct SeriesNodeView: Codable, Hashable, Sendable {
    package var path: String
    package var isLeaf: Bool
    package var isBranch: Bool

    package init(path: String, isLeaf: Bool, isBranch: Bool) {
        self.path = path
        self.isLeaf = isLeaf
        self.isBranch = isBranch
    }
}
