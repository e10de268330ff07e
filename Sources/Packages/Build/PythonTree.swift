import Core

/// What has to change in a folder that pip has filled, so that it works at any place and is the
/// same each time.
enum PythonTree {
    static let shebang = Array("#!/usr/bin/env python3\n".utf8)
    static let programBytesMax = 64 << 20
    static let recordBytesMax = 64 << 20

    /// Compiled modules hold the time at which they were made.
    static func removeCompiled(in folder: Folder) throws(Problem) {
        for name in try folder.names() {
            if name == "__pycache__" {
                try folder.remove(name)
            } else if try folder.kind(name) == .folder {
                try removeCompiled(in: folder.folder(name))
            }
        }
    }

    /// Removes what pip notes about this installation, as against what it has installed.
    static func makeRepeatable(_ installed: Folder) throws(Problem) {
        for name in try installed.names() where name.hasSuffix(".dist-info") {
            guard try installed.kind(name) == .folder else { continue }
            let information = try installed.folder(name)
            for note in ["direct_url.json", "REQUESTED"] { try information.remove(note) }
            guard try information.kind("RECORD") == .file else { continue }
            let record = try information.contents(of: "RECORD", bytesMax: recordBytesMax)
            try information.replace("RECORD", with: Array(repeatable(record).utf8), isExecutable: false)
        }
    }

    /// Moves the programs that pip has made, and lets them find Python where they are started.
    /// - Returns: false if there are none.
    static func movePrograms(from installed: Folder, to own: Folder) throws(Problem) -> Bool {
        let name = PythonRecipe.programs
        guard try installed.kind(name) == .folder else { return false }
        // A library can be called `bin` as well.
        guard try installed.folder(name).kind("__init__.py") == nil else { return false }
        try installed.move(name, to: own, as: name)
        let programs = try own.folder(name)
        for program in try programs.names() where try programs.kind(program) == .file {
            let bytes = try programs.contents(of: program, bytesMax: programBytesMax)
            guard let relocated = relocated(bytes) else { continue }
            try programs.replace(program, with: relocated, isExecutable: true)
        }
        return true
    }

    /// The script with a first line that holds no path of the machine that built it.
    ///
    /// pip writes `#!/path/python3`, and where that is too long or has a space, two lines that
    /// are a shell's command and a Python string at once: `#!/bin/sh`, `'''exec' "/path/python3"
    /// "$0" "$@"`, `' '''`.
    /// - Returns: nil for what is no Python script.
    static func relocated(_ bytes: [UInt8]) -> [UInt8]? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
        guard let first = lines.first, first.starts(with: "#!".utf8) else { return nil }
        if lines.count == 4, first.elementsEqual("#!/bin/sh".utf8), lines[1].starts(with: "'''exec' ".utf8) {
            return shebang + lines[3]
        }
        let command = String(decoding: first, as: UTF8.self).split(separator: " ").first ?? ""
        guard let program = command.split(separator: "/").last, program.hasPrefix("python") else { return nil }
        return shebang + bytes[min(first.endIndex + 1, bytes.endIndex)...]
    }

    /// RECORD lists each file with its hash; what was moved, changed or removed is left out.
    private static func repeatable(_ record: [UInt8]) -> String {
        let lines = String(decoding: record, as: UTF8.self).split(whereSeparator: \.isNewline)
        let kept = lines.filter { line in
            let path = line.prefix { $0 != "," }
            return !path.hasPrefix("../") && !path.hasPrefix("bin/") && !path.contains("__pycache__/")
                && !path.hasSuffix("/direct_url.json") && !path.hasSuffix("/REQUESTED")
        }
        return kept.sorted().map { $0 + "\n" }.joined()
    }
}
