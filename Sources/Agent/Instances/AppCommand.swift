import Core
import Glibc
import Subprocess
import SystemPackage

/// A short-lived executable of an app: one of its phases, or a probe. It runs as the app's user,
/// in a session of its own, and is killed with all its children when its task is cancelled.
struct AppCommand: Sendable {
    var arguments: [String]
    var environment: [String: String]
    var directory: FilePath
    var user: UInt32?

    /// - Parameter output: takes each line of output and errors.
    func run(output: @Sendable (String) -> Void) async throws -> TerminationStatus {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100))
        ]
        if let user {
            options.userID = user
            options.groupID = user
            options.supplementaryGroups = []
        }
        let variables = Dictionary(
            uniqueKeysWithValues: environment.compactMap { name, value in
                Environment.Key(rawValue: name).map { ($0, value) }
            })
        let name = arguments[0]
        let path = name.hasPrefix("/") || !name.contains("/") ? FilePath(name) : directory.pushing(FilePath(name))
        let result = try await Subprocess.run(
            name.contains("/") ? .path(path) : .name(name), arguments: Arguments(Array(arguments.dropFirst())),
            environment: .custom(variables), workingDirectory: directory, platformOptions: options,
            input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            for try await line in execution.standardOutput.strings() { output(line) }
        }
        return result.terminationStatus
    }
}
