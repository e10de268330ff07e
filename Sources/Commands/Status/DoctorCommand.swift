import ArgumentParser
import Core
import Wire

struct DoctorCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Whether this machine and the server have what they need.",
        discussion: "Ends with 1 if something is wrong. What only some uses need is a warning.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        var findings = LocalChecks(environment: session.console.environment).findings()
        var server: [DoctorFinding] = []
        do throws(Problem) {
            server = try await session.client.doctor()
        } catch {
            findings.append(DoctorFinding(name: "server", sentence: "No answer.", problem: error))
        }
        findings += server
        try session.console.show(findings, json: output.json) { findings, _ in findings.flatMap(DoctorText.lines) }
        if findings.contains(where: { $0.problem != nil && !LocalChecks.isOptional($0.name) }) { throw ExitCode(1) }
    }
}

enum DoctorText {
    static func lines(_ finding: DoctorFinding) -> [StyledText] {
        guard let problem = finding.problem else {
            return [StyledText("✓ \(finding.name)", .green) + StyledText("  \(finding.sentence)")]
        }
        let isOptional = LocalChecks.isOptional(finding.name)
        return [
            StyledText("\(isOptional ? "!" : "✗") \(finding.name)", isOptional ? .yellow : .red)
                + StyledText("  \(problem.sentence)"),
            StyledText("    why  ", .dim) + StyledText(problem.cause),
            StyledText("    do   ", .dim) + StyledText(problem.remedy),
        ]
    }
}
