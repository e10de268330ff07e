import ConfigRepository
package import Core
package import Wire

/// Whether the control plane itself is well.
extension FabricService {
    private static let refusalsShown = Interval.minutes(60)
    private static let refusalsMax = 5

    package func doctor() async throws(Problem) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        let stateProblem = await orchestrator.stateProblem
        findings.append(DoctorFinding(name: "state", sentence: "The state store takes writes.", problem: stateProblem))
        findings.append(
            DoctorFinding(
                name: "configuration repository", sentence: "The configuration repository can be read.",
                problem: await source.problem))
        findings.append(await configurationFinding())
        findings.append(await auditFinding())
        let loop = await orchestrator.snapshot
        let silent = loop.hosts.values.filter { $0.contact != .connected }.map(\.name.text).sorted()
        findings.append(
            DoctorFinding(
                name: "hosts", sentence: "All \(loop.hosts.count) hosts are connected.",
                problem: silent.isEmpty
                    ? nil
                    : Problem(
                        "doctor.hosts-silent", "\(silent.count) of \(loop.hosts.count) hosts are not connected.",
                        cause: silent.prefix(10).joined(separator: ", ") + (silent.count > 10 ? ", …" : "") + ".",
                        remedy: "See `apus hosts`, and whether `apus agent` runs on them.")))
        findings.append(agentsFinding())
        let metrics = metricsProblems()
        if metrics.isEmpty {
            findings.append(
                DoctorFinding(
                    name: "metrics", sentence: "statsd and carbon listen where they should, and no source is full."))
        }
        return findings + metrics.map { DoctorFinding(name: "metrics", sentence: "", problem: $0) }
    }

    private func agentsFinding() -> DoctorFinding {
        let refusals = link.refusals(since: Instant(milliseconds: now().milliseconds - Self.refusalsShown.milliseconds))
        guard !refusals.isEmpty else {
            return DoctorFinding(name: "agents", sentence: "No agent was refused in the last hour.")
        }
        let shown = refusals.suffix(Self.refusalsMax).map { refusal in
            "\(refusal.host?.text ?? refusal.peer) (\(refusal.count)×): \(refusal.problem.cause)"
        }
        return DoctorFinding(
            name: "agents", sentence: "",
            problem: Problem(
                "doctor.agents-refused",
                "\(refusals.count) \(refusals.count == 1 ? "agent was" : "agents were") refused in the last hour.",
                cause: shown.joined(separator: " "),
                remedy: "Look at those hosts: an agent has a fault, or somebody else speaks for it. `apus revoke HOST` "
                    + "shuts one out, and `apus token join HOST` lets it in again."))
    }

    private func configurationFinding() async -> DoctorFinding {
        var problem: Problem?
        do throws(Problem) {
            _ = try await source.current().reading.configuration(of: fabric)
        } catch {
            problem = error
        }
        return DoctorFinding(
            name: "configuration", sentence: "The head of the configuration can be used.", problem: problem)
    }

    private func auditFinding() async -> DoctorFinding {
        do throws(Problem) {
            let head = try await audit.verify()
            return DoctorFinding(name: "audit log", sentence: "All \(head.sequence) entries are as they were written.")
        } catch {
            return DoctorFinding(name: "audit log", sentence: "", problem: error)
        }
    }
}
