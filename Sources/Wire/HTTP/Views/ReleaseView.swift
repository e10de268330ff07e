package import Core

/// A release of an app.
package struct ReleaseView: Codable, Hashable, Sendable {
    package enum Standing: String, Codable, Hashable, Sendable, CaseIterable {
        /// What the app should run.
        case current
        /// Its instances still run without traffic: a rollback to it is a switch.
        case warm
        /// A rollback to it starts instances again.
        case kept
    }

    package var app: AppName
    package var number: Int
    package var standing: Standing
    /// What the package was built from, for people: a short commit.
    package var version: String
    package var digest: Digest
    /// Bytes of the compressed package.
    package var sizeBytes: Int64
    package var sourceCommit: String
    package var configCommit: String
    package var createdAt: Instant
    package var createdBy: String
    /// Until when it stays warm.
    package var warmUntil: Instant?

    package init(
        app: AppName, number: Int, standing: Standing, version: String, digest: Digest, sizeBytes: Int64,
        sourceCommit: String, configCommit: String, createdAt: Instant, createdBy: String, warmUntil: Instant? = nil
    ) {
        self.app = app
        self.number = number
        self.standing = standing
        self.version = version
        self.digest = digest
        self.sizeBytes = sizeBytes
        self.sourceCommit = sourceCommit
        self.configCommit = configCommit
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.warmUntil = warmUntil
    }
}

/// What differs between two releases of an app.
package struct ReleaseDiffView: Codable, Hashable, Sendable {
    package struct Value: Codable, Hashable, Sendable {
        package enum Part: String, Codable, Hashable, Sendable, CaseIterable {
            case package
            case source
            case environment
            case process
        }

        package var part: Part
        package var key: String
        package var before: String?
        package var after: String?

        package init(part: Part, key: String, before: String? = nil, after: String? = nil) {
            self.part = part
            self.key = key
            self.before = before
            self.after = after
        }
    }

    /// A rendered configuration file that differs.
    package struct File: Codable, Hashable, Sendable {
        package var path: String
        package var lines: [DiffLine]

        package init(path: String, lines: [DiffLine]) {
            self.path = path
            self.lines = lines
        }
    }

    package var app: AppName
    package var from: ReleaseView
    package var to: ReleaseView
    package var values: [Value]
    package var files: [File]

    package init(app: AppName, from: ReleaseView, to: ReleaseView, values: [Value], files: [File]) {
        self.app = app
        self.from = from
        self.to = to
        self.values = values
        self.files = files
    }
}

/// A line of a text that has changed, or that surrounds one that has.
package struct DiffLine: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case same
        case added
        case removed
        /// Unchanged lines are left out here.
        case gap
    }

    package var kind: Kind
    package var text: String
    /// Counts from 1; nil where the line is not in the text before.
    package var before: Int?
    /// Counts from 1; nil where the line is not in the text after.
    package var after: Int?

    package init(kind: Kind, text: String, before: Int? = nil, after: Int? = nil) {
        self.kind = kind
        self.text = text
        self.before = before
        self.after = after
    }
}
