import Core

/// A problem as it is shown on a terminal: the sentence, then why and what to do.
enum ProblemText {
    static func lines(_ problem: Problem) -> [StyledText] {
        var lines = [StyledText("✗ \(problem.sentence)", .red) + StyledText(" [\(problem.code)]", .dim)]
        lines += paragraph("why", problem.cause)
        lines += paragraph("do", problem.remedy)
        return lines
    }

    private static func paragraph(_ label: String, _ text: String) -> [StyledText] {
        let lines = text.split(whereSeparator: \.isNewline)
        return lines.enumerated().map { index, line in
            StyledText(index == 0 ? "  \(label)".padded(to: 6) : "      ", .dim) + StyledText(String(line))
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
