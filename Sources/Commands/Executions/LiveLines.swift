/// Lines at the bottom of a terminal that are written over, below lines that stay.
///
/// Elsewhere only the lines that stay are written.
struct LiveLines {
    private let terminal: Terminal
    private var drawn = 0

    init(_ terminal: Terminal) { self.terminal = terminal }

    /// The bytes go out in one write, so that nothing is ever seen half drawn.
    mutating func show(staying: [StyledText], live: [StyledText]) {
        guard terminal.isTerminal else { return terminal.print(staying) }
        guard !staying.isEmpty || !live.isEmpty || drawn > 0 else { return }
        // A line that wraps would count as two when it is written over.
        let live = live.map { line in terminal.width.map { line.elided(to: $0 - 1) } ?? line }
        // ECMA-48: cursor up so many lines (CUU), erase to the end of the screen (ED).
        let back = drawn > 0 ? "\u{1B}[\(drawn)A\u{1B}[J" : ""
        terminal.write(back + (staying + live).map { $0.rendered(colour: terminal.usesColour) + "\n" }.joined())
        drawn = live.count
    }
}
