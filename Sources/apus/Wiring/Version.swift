/// The version of everything in this program, as people read it.
let apusVersion = "0.1.0"
