package import ConfigRepository
package import Core

/// The configuration repository as the control plane follows it.
package actor ConfigurationSource {
    /// The head as it was last read.
    package struct Head: Sendable {
        package var commit: String
        package var reading: ConfigurationReading
    }

    package let repository: GitRepository
    private let reference: GitReference
    private var head: Head?
    /// Why the repository could not be read when it was last looked at.
    package private(set) var problem: Problem?

    package init(repository: GitRepository, reference: GitReference) {
        self.repository = repository
        self.reference = reference
    }

    package nonisolated var isLocal: Bool { if case .path = repository.location { true } else { false } }

    /// Looks at the repository again.
    /// - Returns: the head, and whether it is another than before.
    package func refresh() async throws(Problem) -> (head: Head, isNew: Bool) {
        do {
            try await repository.fetch()
            let commit = try await repository.resolve(reference)
            if let head, head.commit == commit {
                problem = nil
                return (head, false)
            }
            let reading = try await ConfigurationReader.read(repository, commit: commit)
            let new = Head(commit: commit, reading: reading)
            head = new
            problem = nil
            return (new, true)
        } catch {
            problem = error
            throw error
        }
    }

    package func current() async throws(Problem) -> Head {
        if let head { return head }
        return try await refresh().head
    }

    /// What another commit says.
    package func read(_ reference: String) async throws(Problem) -> Head {
        try await repository.fetch()
        let commit = try await repository.resolve(try GitReference(reference))
        return Head(commit: commit, reading: try await ConfigurationReader.read(repository, commit: commit))
    }
}
