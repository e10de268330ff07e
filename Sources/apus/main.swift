import ArgumentParser
import CShim
import Glibc

// Before anything else: a shim stays small because nothing of Swift starts in it.
if CommandLine.argc > 1, let word = CommandLine.unsafeArgv[1], strcmp(word, "shim") == 0 {
    exit(apus_shim_main(CommandLine.argc, CommandLine.unsafeArgv))
}
if CommandLine.argc == 2, let word = CommandLine.unsafeArgv[1], strcmp(word, "--version") == 0 {
    puts("apus \(apusVersion)")
    exit(0)
}
await runCommand()
