import ConfigRepository
package import Core
package import Wire

/// Whether the control plane itself is well.
extension FabricService {
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
        return findings
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
