import ArgumentParser
import Core
import FoundationEssentials
import Wire

/// Which server is asked, and with which token.
///
/// A token is no option: options stay in the shell's history and show in the list of processes.
struct ConnectionOptions: ParsableArguments {
    static let urlDefault = "http://127.0.0.1:2787"

    @Option(help: ArgumentHelp("The server's address (APUS_URL; \(urlDefault)).", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The fabric that is meant, of those logged in to (APUS_FABRIC).", valueName: "name"))
    var fabric: String?

    @Option(
        help: ArgumentHelp("A file with the token (or the token itself in APUS_TOKEN).", valueName: "path"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "PEM of the authority that signed the server's certificate (APUS_AUTHORITY_FILE).", valueName: "path"),
        completion: .file())
    var authorityFile: String?

    init() {}

    /// Options come before the environment, and both before what `apus login` has kept.
    func address(_ environment: [String: String]) throws(Problem) -> APIAddress {
        let named = try (fabric ?? environment.nonEmpty("APUS_FABRIC")).map { text throws(Problem) in
            try FabricName(text)
        }
        let given = server ?? environment.nonEmpty("APUS_URL")
        // The file is not read where nothing of it is needed.
        let isComplete = given != nil && (tokenFile != nil || environment.nonEmpty("APUS_TOKEN") != nil)
        let context = isComplete ? ContextFile() : try ContextFile.read(environment)
        let entry = try entry(of: context, named: named, url: given)
        let token = try token(environment) ?? entry?.token
        let authority = try (authorityFile ?? environment.nonEmpty("APUS_AUTHORITY_FILE")).map { path throws(Problem) in
            try Self.read(path, what: "The authority's certificate")
        }
        return try APIAddress(
            given ?? entry?.url ?? Self.urlDefault, token: token, authority: authority ?? entry?.authority)
    }

    /// The fabric that the server must be of, where nothing else makes sure of it.
    func fabricToCheck(_ environment: [String: String]) -> String? {
        server != nil || environment.nonEmpty("APUS_URL") != nil ? fabric : nil
    }

    private func entry(
        of context: ContextFile, named: FabricName?, url: String?
    ) throws(Problem) -> ContextFile.Entry? {
        if let url { return context.fabrics.values.first { $0.url == url } }
        guard let named else { return context.current.flatMap { context.fabrics[$0] } }
        if let entry = context.fabrics[named] { return entry }
        let known = context.fabrics.keys.sorted().map(\.text).joined(separator: ", ")
        throw Problem(
            "context.fabric-unknown", "You have not logged in to fabric \(named).",
            cause: known.isEmpty ? "No login is kept." : "Logins are kept for \(known).",
            remedy: "Log in with `apus login URL`, or name the server with --server.")
    }

    private func token(_ environment: [String: String]) throws(Problem) -> String? {
        guard let tokenFile else { return environment.nonEmpty("APUS_TOKEN") }
        let text = try Self.read(tokenFile, what: "The token")
        return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    private static func read(_ path: String, what: String) throws(Problem) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw Problem(
                "file.unreadable", "\(what) cannot be read.",
                cause: "\(quotedForMessage(path, lengthMax: 200)): \(error).",
                remedy: "Name a file that is there and that you may read.")
        }
    }
}

extension [String: String] {
    /// The variable, unless it is empty: an empty one is as good as none.
    func nonEmpty(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
