import Core
import Wire

enum ReleaseText {
    static func table(_ releases: [ReleaseView], at now: Instant) -> Table {
        var table = Table([
            .init("RELEASE"), .init("STANDING"), .init("VERSION"), .init("PACKAGE", isOptional: true),
            .init("SIZE", isRight: true),
            .init("SOURCE", isOptional: true), .init("CONFIG", isOptional: true), .init("MADE"),
            .init("BY", isElastic: true),
        ])
        for release in releases {
            table.add([
                StyledText("r\(release.number)", .bold), standing(release, at: now), StyledText(release.version),
                StyledText(release.digest.short), StyledText(ByteCount(bytes: release.sizeBytes).rough),
                StyledText(Words.commit(release.sourceCommit)), StyledText(Words.commit(release.configCommit)),
                StyledText(Words.age(release.createdAt, at: now)), StyledText(release.createdBy),
            ])
        }
        return table
    }

    static func diff(_ diff: ReleaseDiffView, width: Int?) -> [StyledText] {
        var lines = [
            StyledText(
                "\(diff.app) r\(diff.from.number) (\(diff.from.version)) → r\(diff.to.number) (\(diff.to.version))",
                .bold)
        ]
        for value in diff.values { lines += self.lines(value) }
        for file in diff.files {
            lines += ["", StyledText(file.path, .bold)]
            lines += file.lines.map(line)
        }
        if diff.values.isEmpty && diff.files.isEmpty { lines.append("  Nothing differs.") }
        return lines
    }

    private static func standing(_ release: ReleaseView, at now: Instant) -> StyledText {
        switch release.standing {
        case .current: StyledText("current", .green)
        case .warm: StyledText("warm" + (release.warmUntil.map { ", ends \(Words.age($0, at: now))" } ?? ""), .cyan)
        case .kept: "kept"
        }
    }

    private static func lines(_ value: ReleaseDiffView.Value) -> [StyledText] {
        let name = "\(value.part.rawValue) \(value.key)"
        switch (value.before, value.after) {
        case (nil, let after?): return [StyledText("+ \(name): \(after)", .green)]
        case (let before?, nil): return [StyledText("- \(name): \(before)", .red)]
        default:
            return [StyledText("~ ", .yellow) + StyledText("\(name): \(value.before ?? "") → \(value.after ?? "")")]
        }
    }

    private static func line(_ line: DiffLine) -> StyledText {
        switch line.kind {
        case .same: StyledText("  \(line.text)")
        case .added: StyledText("+ \(line.text)", .green)
        case .removed: StyledText("- \(line.text)", .red)
        case .gap: StyledText("  ⋯", .dim)
        }
    }
}
