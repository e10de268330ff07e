/// How one instance that is, or should be, differs from what it should be.
package struct Delta: Codable, Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case asExpected
        /// It should be on the host and is not there.
        case notDeployed
        /// It is there and should not be.
        case unexpected
        /// It is there, in another state of the lifecycle.
        case wrongState
        /// It is there and runs, and a value differs.
        case different
        /// It is there and has failed.
        case inError
        /// Its host is silent: what it is now cannot be said.
        case unknown
    }

    package struct Difference: Codable, Hashable, Sendable, CustomStringConvertible {
        package var key: String
        package var expected: String
        package var found: String

        package init(key: String, expected: String, found: String) {
            self.key = key
            self.expected = expected
            self.found = found
        }

        package var description: String { "\(key): \(expected) ≠ \(found)" }
    }

    package var instance: InstanceID
    package var host: HostName
    package var state: State
    package var differences: [Difference]

    package init(instance: InstanceID, host: HostName, state: State, differences: [Difference] = []) {
        self.instance = instance
        self.host = host
        self.state = state
        self.differences = differences
    }
}
