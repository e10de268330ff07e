import Core

/// The version of everything in this program, as people read it.
let apusVersion = ProgramVersion.text
