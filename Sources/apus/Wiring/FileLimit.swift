import Glibc
import Logging

/// Each agent is a connection, and each connection a file: the soft limit of most systems, 1024, is
/// for programs that use `select`, which this one does not.
enum FileLimit {
    private static let wanted: rlim_t = 65_536

    /// Takes what the system allows.
    static func raise(_ logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        if limit.rlim_cur < min(wanted, limit.rlim_max) {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        logger.info("open files", metadata: ["max": "\(limit.rlim_cur)"])
    }
}
