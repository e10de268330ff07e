import Core
import FoundationEssentials
import SystemPackage

/// The environment of the programs that a build runs. They run code that the source brings, so
/// they get what reaches a package registry, and none of the server's own secrets.
struct BuildEnvironment {
    /// Taken over from the server's environment, if set there.
    static let passed: Set<String> = [
        "PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    ]
    static let passedPrefixes = ["PIP_", "npm_config_", "NPM_CONFIG_"]
    /// Where the user's own settings of pip and npm are, for the recipes that run those.
    static let userVariables: Set<String> = [
        "HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "PYENV_ROOT",
    ]

    var variables: [String: String]

    /// - Parameters:
    ///   - ours: the server's environment.
    ///   - home: an empty folder; nil: the user's own.
    init(_ ours: [String: String], home: FilePath?, temporary: FilePath) {
        variables = ours.filter { name, _ in
            Self.passed.contains(name) || Self.passedPrefixes.contains { name.hasPrefix($0) }
                || (home == nil && Self.userVariables.contains(name))
        }
        if let home { variables["HOME"] = home.string }
        variables["PATH"] = variables["PATH"] ?? PackageEnvironment.pathDefault
        variables["TMPDIR"] = temporary.string
        variables["LANG"] = "C.UTF-8"
        variables["TZ"] = "UTC"
        // What well-behaved tools write in the place of today's date: 1980, the first that a
        // zip file can hold.
        variables["SOURCE_DATE_EPOCH"] = "315532800"
        variables["PYTHONHASHSEED"] = "0"
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        variables["CI"] = "true"
    }

    static func inherited(home: FilePath?, temporary: FilePath) -> BuildEnvironment {
        BuildEnvironment(ProcessInfo.processInfo.environment, home: home, temporary: temporary)
    }
}
