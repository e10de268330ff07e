import Glibc

/// A place that text goes to: a terminal, a pipe or a file.
package struct Terminal: Sendable {
    /// Whether a person watches, so that lines can be written over.
    let isTerminal: Bool
    /// Columns; nil: lines may be as long as they are.
    let width: Int?
    let usesColour: Bool
    private let sink: @Sendable (String) -> Void

    package init(isTerminal: Bool, width: Int?, usesColour: Bool, sink: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.width = width
        self.usesColour = usesColour
        self.sink = sink
    }

    /// - Parameter descriptor: 1 for standard output, 2 for standard error.
    package init(descriptor: Int32, environment: [String: String]) {
        let isTerminal = isatty(descriptor) == 1
        let isPlain = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        self.init(
            isTerminal: isTerminal, width: isTerminal ? Self.width(of: descriptor, environment) : nil,
            usesColour: isTerminal && !isPlain, sink: { Self.write($0, to: descriptor) })
    }

    func print(_ line: StyledText) { write(line.rendered(colour: usesColour) + "\n") }

    func print(_ lines: [StyledText]) {
        guard !lines.isEmpty else { return }
        write(lines.map { $0.rendered(colour: usesColour) + "\n" }.joined())
    }

    /// Writes text as it is.
    func write(_ text: String) { sink(text) }

    private static func width(of descriptor: Int32, _ environment: [String: String]) -> Int? {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(
                    descriptor,
                    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[rest.indices]).baseAddress,
                    rest.count)
                if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
                // Nobody reads any more: there is nobody to tell.
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
