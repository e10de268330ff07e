import ArgumentParser
import Core
import Wire

/// Names that a shell offers while a command line is typed: those that the server knows now. A
/// server that does not answer offers none, and nothing is said: the line is still being written.
enum Completions {
    static let apps = CompletionKind.custom { _, _, _ async in
        await offered { client throws(Problem) in try await client.apps().map(\.name.text) }
    }
    static let hosts = CompletionKind.custom { _, _, _ async in
        await offered { client throws(Problem) in try await client.hosts().map(\.name.text) }
    }
    static let executions = CompletionKind.custom { _, _, _ async in
        await offered { client throws(Problem) in try await client.executions(limit: 20).map(\.id.text) }
    }
    static let instances = CompletionKind.custom { _, _, _ async in
        await offered { client throws(Problem) in
            let instances = try await client.instances()
            let groups = instances.flatMap { [$0.app.text, "\($0.app).\($0.process)"] }
            return Array(Set(groups)).sorted() + instances.map(\.id.description).sorted()
        }
    }

    /// Options that were typed already are not looked at: the environment and logins say which
    /// server is meant.
    private static func offered(
        _ names: @Sendable (APIClient) async throws(Problem) -> [String]
    ) async -> [String] {
        guard let options = try? ConnectionOptions.parse([]),
            let address = try? options.address(Console.standard().environment), let client = try? APIClient(address)
        else { return [] }
        let offered = try? await names(client)
        await client.shutdown()
        return offered ?? []
    }
}
