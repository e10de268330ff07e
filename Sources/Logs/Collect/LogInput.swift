/// Where lines come from besides files. For the one thread that collects.
package protocol LogInput: AnyObject {
    /// By what its cursor is kept; unique among inputs.
    var name: String { get }
    /// How far it was read, to go on from there after a restart; nil: it cannot be read again.
    var cursor: String? { get }

    /// Lines that were left out because they were beyond a rate.
    var limitedLines: Int { get }

    /// Takes what waits, about so many bytes at most, and never waits itself. Returns whether there is more.
    func read(into events: LogEvents, bytesMax: Int) -> Bool
}

extension LogInput {
    package var limitedLines: Int { 0 }
}
