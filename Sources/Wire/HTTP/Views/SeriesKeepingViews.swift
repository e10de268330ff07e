package import Core

/// Which series are to be deleted.
package struct SeriesDeletionRequest: Codable, Hashable, Sendable {
    /// `hosts.web-1.load.1`, `hosts.web-1.**`, or conditions on tags: `host=web-1,device=sda`.
    package var pattern: String
    /// Whether it is only said which they are.
    package var isTrial: Bool
    /// Nothing is deleted if there are more.
    package var countMax: Int?

    package init(pattern: String, isTrial: Bool = false, countMax: Int? = nil) {
        self.pattern = pattern
        self.isTrial = isTrial
        self.countMax = countMax
    }
}

/// What was deleted, or would be.
package struct SeriesDeletionView: Codable, Hashable, Sendable {
    package var count: Int
    /// The first of them.
    package var examples: [String]

    package init(count: Int, examples: [String]) {
        self.count = count
        self.examples = examples
    }
}

package struct SeriesBackupRequest: Codable, Hashable, Sendable {
    package var name: BackupName

    package init(name: BackupName) { self.name = name }
}

/// A backup that was made.
package struct SeriesBackupView: Codable, Hashable, Sendable {
    /// On the server.
    package var folder: String
    package var series: Int
    /// About as many as the copy has.
    package var bytes: Int

    package init(folder: String, series: Int, bytes: Int) {
        self.folder = folder
        self.series = series
        self.bytes = bytes
    }
}
