/// Which apps come up before which others.
package struct AppOrder: Sendable {
    private let after: [AppName: [AppName]]

    package init(after: [AppName: [AppName]]) { self.after = after }

    package init(_ configuration: FabricConfiguration) {
        self.init(after: configuration.apps.mapValues(\.after))
    }

    /// Everything that comes before an app, also at some removes.
    package func ancestors(of app: AppName) -> Set<AppName> {
        var found: Set<AppName> = []
        var open = after[app] ?? []
        while let next = open.popLast() {
            if found.insert(next).inserted { open += after[next] ?? [] }
        }
        return found
    }

    /// The apps, each behind those that come before it; otherwise by name.
    package func sorted(_ apps: some Sequence<AppName>) -> [AppName] {
        let wanted = Set(apps)
        var sorted: [AppName] = []
        var visited: Set<AppName> = []
        func visit(_ app: AppName) {
            guard visited.insert(app).inserted else { return }
            for parent in (after[app] ?? []).sorted() { visit(parent) }
            if wanted.contains(app) { sorted.append(app) }
        }
        for app in wanted.sorted() { visit(app) }
        return sorted
    }

    /// Apps each of which comes after the next, and the last after the first; nil when there are none.
    package var cycle: [AppName]? {
        var done: Set<AppName> = []
        for start in after.keys.sorted() where !done.contains(start) {
            var path = [start]
            var next = [(after[start] ?? []).sorted()]
            while !path.isEmpty {
                guard let app = next[next.count - 1].popLast() else {
                    done.insert(path.removeLast())
                    next.removeLast()
                    continue
                }
                if let index = path.firstIndex(of: app) { return Array(path[index...]) }
                if done.contains(app) { continue }
                path.append(app)
                next.append((after[app] ?? []).sorted())
            }
        }
        return nil
    }
}
