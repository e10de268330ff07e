import Agent
import CShim
import Glibc

// Before anything else: a shim stays small because nothing of Swift starts in it.
if CommandLine.argc > 1, let word = CommandLine.unsafeArgv[1], strcmp(word, "shim") == 0 {
    exit(apus_shim_main(CommandLine.argc, CommandLine.unsafeArgv))
}
if CommandLine.argc > 1, CommandLine.arguments[1] == "files" {
    do {
        try await FileServer.run(arguments: Array(CommandLine.arguments.dropFirst()))
        exit(0)
    } catch {
        let line = Array("\(error)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        exit(1)
    }
}
print("apus")
