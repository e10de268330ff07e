package import Core

/// How far a build may go.
package struct BuildLimits: Hashable, Sendable {
    /// For each program that the build runs.
    package var timeout: Interval
    /// How much of a program's output reaches the log; the rest is read and dropped.
    package var outputBytesMax: Int
    package var package: UnpackLimits

    package static let standard = BuildLimits()

    package init(
        timeout: Interval = .minutes(15), outputBytesMax: Int = 8 << 20, package: UnpackLimits = .standard
    ) {
        self.timeout = timeout
        self.outputBytesMax = outputBytesMax
        self.package = package
    }
}
