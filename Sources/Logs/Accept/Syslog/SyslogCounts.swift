/// What came in as syslog since the start.
package struct SyslogCounts: Hashable, Sendable {
    package var lines = 0
    /// Bytes of lines, as they came.
    package var bytes = 0
    /// Lines of which only the beginning is kept.
    package var cutLines = 0
    /// Datagrams that the kernel dropped, because nobody read them in time.
    package var datagramsDropped = 0
    /// Connections that are open.
    package var connections = 0
    /// Connections that were closed because there were too many, or too much waited for its end in them.
    package var connectionsRefused = 0
    /// Lines that came and could not be kept.
    package var linesLost = 0

    package init() {}
}
