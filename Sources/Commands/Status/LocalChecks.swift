import Core
import FoundationEssentials
import Glibc
import Wire

/// What `apus doctor` looks at on this machine.
struct LocalChecks {
    private struct Tool {
        var name: String
        var purpose: String
        var package: String
        var isOptional: Bool
    }

    private static let tools = [
        Tool(name: "git", purpose: "configuration repositories are read with it", package: "git", isOptional: false),
        Tool(name: "haproxy", purpose: "hosts with a balancer run it", package: "haproxy", isOptional: false),
        Tool(
            name: "nginx", purpose: "hosts with a balancer of `engine: nginx` run it",
            package: "nginx-light libnginx-mod-http-lua", isOptional: true),
        Tool(
            name: "python3", purpose: "apps with `build: python` need it", package: "python3 python3-pip",
            isOptional: true),
        Tool(name: "node", purpose: "apps with `build: node` need it", package: "nodejs npm", isOptional: true),
    ]

    let environment: [String: String]

    static func isOptional(_ name: String) -> Bool { tools.contains { $0.name == name && $0.isOptional } }

    func findings() -> [DoctorFinding] { Self.tools.map(finding) + [context()] }

    private func finding(_ tool: Tool) -> DoctorFinding {
        if let path = find(tool.name) { return DoctorFinding(name: tool.name, sentence: "\(path): \(tool.purpose).") }
        return DoctorFinding(
            name: tool.name, sentence: "Not found.",
            problem: Problem(
                "doctor.tool-missing", "It is not installed.", cause: "PATH has no \(tool.name); \(tool.purpose).",
                remedy: "Install it: apt-get install \(tool.package)."))
    }

    private func find(_ name: String) -> String? {
        // HAProxy is in a folder that an ordinary user's PATH may lack.
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let folders = path.split(separator: ":").map { String($0) } + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    private func context() -> DoctorFinding {
        do throws(Problem) {
            let logins = try ContextFile.read(environment).fabrics.keys.sorted().map(\.text)
            return DoctorFinding(
                name: "logins",
                sentence: logins.isEmpty ? "None are kept." : "Kept for \(logins.joined(separator: ", ")).")
        } catch {
            return DoctorFinding(name: "logins", sentence: "They cannot be read.", problem: error)
        }
    }
}
