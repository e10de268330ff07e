/// The version of everything in this repository: program, agent and API.
package enum ProgramVersion {
    package static let text = "0.1.0"
}
