import CShim
import Glibc

// Before anything else: a shim stays small because nothing of Swift starts in it.
if CommandLine.argc > 1, let word = CommandLine.unsafeArgv[1], strcmp(word, "shim") == 0 {
    exit(apus_shim_main(CommandLine.argc, CommandLine.unsafeArgv))
}
print("apus")
