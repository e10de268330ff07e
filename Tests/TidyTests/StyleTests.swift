import Testing

private let fileLinesMax = 800
private let fileLinesWorthALook = 500
private let functionLinesMax = 70

@Suite("Style")
struct StyleTests {
    private let tree: Tree

    init() throws { tree = try Tree() }

    @Test("no file is longer than 800 lines")
    func fileLength() {
        for file in tree.swift + tree.files.filter({ $0.path.hasSuffix(".c") || $0.path.hasSuffix(".py") }) {
            #expect(file.lineCount <= fileLinesMax, "\(file.path) has \(file.lineCount) lines")
            if file.lineCount > fileLinesWorthALook {
                print("worth another look: \(file.path) has \(file.lineCount) lines")
            }
        }
    }

    @Test("no function is longer than 70 lines")
    func functionLength() {
        for file in tree.swift {
            for function in SourceText(file.text).functions {
                #expect(
                    function.lineCount <= functionLinesMax,
                    "\(file.path):\(function.firstLine) \(function.name) has \(function.lineCount) lines")
            }
        }
    }

    @Test("nothing is public, nothing is left to do, nothing crashes with a message")
    func words() {
        let marks = ["TO" + "DO", "FIX" + "ME", "not " + "implemented"]
        for file in tree.swift {
            for (number, line) in SourceText(file.text).lines.enumerated() {
                let words = line.split(separator: " ")
                let place = "\(file.path):\(number + 1)"
                #expect(!words.contains("public"), "\(place) is public")
                #expect(!line.contains("fatalError("), "\(place) ends the program")
                #expect(!line.contains("try!"), "\(place) ends the program on an error")
            }
            for (number, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                for mark in marks {
                    #expect(!line.contains(mark), "\(file.path):\(number + 1) has \(mark)")
                }
            }
        }
    }

    @Test("no file names a folder of one machine, or a registry's host")
    func machines() {
        let marks = [
            "/wo" + "rk/", "/ro" + "ot/", "/tmp" + "/h/", "deb.deb" + "ian.org", "py" + "pi.org",
            "pythonho" + "sted.org",
            "registry.npm" + "js.org", "proxy.gol" + "ang.org",
        ]
        for file in tree.files {
            for mark in marks {
                #expect(!file.text.contains(mark), "\(file.path) has \(mark)")
            }
        }
    }

    @Test("lines end plainly: no trailing space, no tab in Swift, a newline at the end")
    func lineEnds() {
        for file in tree.swift {
            #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(file.path) ends otherwise")
            for (number, line) in file.text.split(separator: "\n").enumerated() {
                #expect(!line.contains("\t") && !line.contains("\r"), "\(file.path), line \(number + 1) from the top")
            }
        }
    }
}
