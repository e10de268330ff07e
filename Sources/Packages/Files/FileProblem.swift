import Core
import Glibc
import SystemPackage

extension Problem {
    /// What an operation on a file answered. Reads `errno`, so it is made right after the call.
    static func file(_ operation: String, _ name: String) -> Problem {
        let number = errno
        let remedy =
            switch number {
            case ENOSPC, EDQUOT: "Make room on the disk and try again."
            case EACCES, EPERM, EROFS: "Let the user that Apus runs as do this, or give another folder."
            case EMFILE, ENFILE: "Raise the limit of open files."
            default: "See whether the disk and the folder are in order, and try again."
            }
        return Problem(
            "package.file", "\(operation) failed.",
            cause: "\(quotedForMessage(name, lengthMax: 200)): \(Errno(rawValue: number)).", remedy: remedy)
    }
}
