internal import Synchronization

/// A tree with other sources in it: the store itself, and below names that are set apart (`regions.eu`,
/// `relays.big`) what others have.
///
/// Made for one request. Of a branch whose children may be missing, a child that does not answer is left
/// out, is said in the notices, and is not asked again.
package struct BranchedSource: SeriesSource {
    package struct Branch: Sendable {
        /// The first node of the paths.
        package var name: String
        /// By the second node.
        package var children: [String: any SeriesSource]
        /// Whether an answer without some of them is better than none.
        package var mayMiss: Bool

        package init(name: String, children: [String: any SeriesSource], mayMiss: Bool) {
            self.name = name
            self.children = children
            self.mayMiss = mayMiss
        }
    }

    private let trunk: any SeriesSource
    private let branches: [Branch]
    private let notices: QueryNotices

    package init(_ trunk: any SeriesSource, branches: [Branch], notices: QueryNotices) {
        self.trunk = trunk
        self.branches = branches.filter { !$0.children.isEmpty }
        self.notices = notices
    }

    /// A child of a branch, and what it is asked.
    private struct Question<Asked: Sendable>: Sendable {
        var prefix: String
        var source: any SeriesSource
        var mayMiss: Bool
        var asked: Asked
    }

    // MARK: - Names

    package func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode] {
        let parts = PathTree.parts(of: Array(pattern.utf8))
        if parts.count == 1 {
            let own = try await trunk.find(pattern, from: from, until: until)
            let glob = Glob(parts[0])
            let others = branches.filter { branch in
                glob.matches(branch.name) && !own.contains { $0.path == branch.name }
            }
            return (own + others.map { SeriesNode(path: $0.name, isLeaf: false, isBranch: true) })
                .sorted { $0.path < $1.path }
        }
        guard let (branch, names, rest) = split(pattern) else {
            return try await trunk.find(pattern, from: from, until: until)
        }
        guard let rest else {
            return names.map { SeriesNode(path: "\(branch.name).\($0)", isLeaf: false, isBranch: true) }
        }
        let found = try await ask(questions(branch, names, rest)) { (source, pattern) throws(TelemetryProblem) in
            try await source.find(pattern, from: from, until: until)
        }
        return found.flatMap { prefix, nodes in
            nodes.map { SeriesNode(path: "\(prefix).\($0.path)", isLeaf: $0.isLeaf, isBranch: $0.isBranch) }
        }.sorted { $0.path < $1.path }
    }

    package func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] {
        guard let (branch, names, rest) = split(pattern) else { return try await trunk.names(matching: pattern) }
        guard let rest else { return [] }
        let found = try await ask(questions(branch, names, rest)) { (source, pattern) throws(TelemetryProblem) in
            try await source.names(matching: pattern)
        }
        return found.flatMap { prefix, names in names.map { SeriesName(canonical: "\(prefix).\($0.text)") } }.sorted()
    }

    /// Tags are those of the trunk alone.
    package func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] {
        try await trunk.names(where: conditions)
    }

    package func tagKeys(
        prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        try await trunk.tagKeys(prefix: prefix, where: conditions, limit: limit)
    }

    package func tagValues(
        of key: String, prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        try await trunk.tagValues(of: key, prefix: prefix, where: conditions, limit: limit)
    }

    // MARK: - Points

    package func windows(
        _ names: [SeriesName], from: Int64, until: Int64, now: Int64
    ) async throws(TelemetryProblem) -> [SeriesWindow] {
        var own: [SeriesName] = []
        var others: [String: Question<[SeriesName]>] = [:]
        for name in names {
            guard let (branch, child, rest) = place(of: name), let source = branch.children[child] else {
                own.append(name)
                continue
            }
            let prefix = "\(branch.name).\(child)"
            others[
                prefix, default: Question(prefix: prefix, source: source, mayMiss: branch.mayMiss, asked: [])
            ].asked.append(rest)
        }
        guard !others.isEmpty else { return try await trunk.windows(own, from: from, until: until, now: now) }
        var found: [String: SeriesWindow] = [:]
        if !own.isEmpty {
            for window in try await trunk.windows(own, from: from, until: until, now: now) {
                found[window.name] = window
            }
        }
        let answers = try await ask(Array(others.values)) { (source, names) throws(TelemetryProblem) in
            try await source.windows(names, from: from, until: until, now: now)
        }
        for (prefix, windows) in answers {
            for var window in windows {
                window.name = "\(prefix).\(window.name)"
                found[window.name] = window
            }
        }
        return names.compactMap { found[$0.text] }
    }

    // MARK: - Asking

    /// The branch that a pattern begins with, the children that it means, and what is asked of them; nil if it
    /// means the trunk.
    private func split(_ pattern: String) -> (branch: Branch, children: [String], rest: String?)? {
        let parts = PathTree.parts(of: Array(pattern.utf8))
        guard parts.count > 1, let branch = branches.first(where: { parts[0].elementsEqual($0.name.utf8) }) else {
            return nil
        }
        let glob = Glob(parts[1])
        let children = branch.children.keys.filter { glob.matches($0) }.sorted()
        guard parts.count > 2 else { return (branch, children, nil) }
        return (branch, children, String(decoding: pattern.utf8.dropFirst(parts[2].startIndex), as: UTF8.self))
    }

    private func place(of name: SeriesName) -> (branch: Branch, child: String, rest: SeriesName)? {
        let parts = name.text.split(separator: ".", maxSplits: 2)
        guard parts.count == 3, let branch = branches.first(where: { $0.name == parts[0] }) else { return nil }
        return (branch, String(parts[1]), SeriesName(canonical: String(parts[2])))
    }

    private func questions(_ branch: Branch, _ children: [String], _ pattern: String) -> [Question<String>] {
        children.compactMap { child in
            branch.children[child].map {
                Question(prefix: "\(branch.name).\(child)", source: $0, mayMiss: branch.mayMiss, asked: pattern)
            }
        }
    }

    /// Asks all of them at once.
    private func ask<Asked: Sendable, Answer: Sendable>(
        _ questions: [Question<Asked>],
        _ body: @escaping @Sendable (any SeriesSource, Asked) async throws(TelemetryProblem) -> [Answer]
    ) async throws(TelemetryProblem) -> [(prefix: String, answers: [Answer])] {
        let asked = questions.filter { !notices.isMissing($0.prefix) }
        let results = await withTaskGroup(of: (Int, Result<[Answer], TelemetryProblem>).self) { group in
            for (index, question) in asked.enumerated() {
                group.addTask {
                    do throws(TelemetryProblem) {
                        return (index, .success(try await body(question.source, question.asked)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [(Int, Result<[Answer], TelemetryProblem>)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }
        }
        var answers: [(String, [Answer])] = []
        for (index, result) in results {
            switch result {
            case .success(let found): answers.append((asked[index].prefix, found))
            case .failure(let problem):
                guard asked[index].mayMiss else { throw problem }
                notices.miss(asked[index].prefix, problem)
            }
        }
        return answers
    }
}

/// What an answer lacks, gathered while one request is answered.
package final class QueryNotices: Sendable {
    private let missing = Mutex<[String: String]>([:])

    package init() {}

    func isMissing(_ prefix: String) -> Bool { missing.withLock { $0[prefix] != nil } }

    func miss(_ prefix: String, _ problem: TelemetryProblem) {
        missing.withLock { $0[prefix] = $0[prefix] ?? "\(prefix) is missing: \(problem.cause)" }
    }

    /// A sentence for each part that is missing, in order.
    package var all: [String] { missing.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }
}

extension Glob {
    fileprivate func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }
}
