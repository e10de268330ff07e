import Core
import SystemPackage
import Testing

@testable import Packages

@Suite("A package's environment")
struct PackageEnvironmentTests {
    func environment(_ text: String, over base: [String: String] = [:]) throws -> [String: String] {
        try PackageEnvironment(parsing: text).variables(packageRoot: "/srv/release", over: base)
    }

    @Test("is resolved against the place where the package is unpacked")
    func resolved() throws {
        let text =
            "# made by the build\n\nPATH+=.apus/bin\nPYTHONPATH+=.apus/site-packages\nHOME_PAGE=static/index.html\n"
        #expect(
            try environment(text, over: ["PATH": "/usr/bin", "OTHER": "x"]) == [
                "PATH": "/srv/release/.apus/bin:/usr/bin", "PYTHONPATH": "/srv/release/.apus/site-packages",
                "HOME_PAGE": "/srv/release/static/index.html",
            ])
        #expect(
            try environment("PATH+=a\nPATH+=b\n", over: ["PATH": "c"]) == ["PATH": "/srv/release/a:/srv/release/b:c"])
    }

    @Test("starts from the usual PATH where there is none")
    func pathDefault() throws {
        let path = try #require(try environment("PATH+=bin\n")["PATH"])
        #expect(path.hasPrefix("/srv/release/bin:") && path.hasSuffix(":/bin"))
    }

    @Test("is nothing where the package says nothing")
    func absent() async throws {
        try await withTemporaryFolder { folder in
            let variables = try PackageEnvironment.read(packageRoot: folder)
            #expect(variables == [:])
        }
    }

    @Test(
        "is refused when it points outside, or is not understood",
        arguments: [
            "PATH+=../bin", "PATH=/bin", "PATH", "=x", "path=x", "1A=x", "A B=x", "PATH+=a:b", "PATH+=", "A=\u{1}",
        ])
    func refused(_ line: String) {
        #expect(throws: Problem.self) { try environment(line + "\n") }
    }

    @Test("is not read through a link")
    func link() async throws {
        try await withTemporaryFolder { folder in
            try makeTree(["real/environment": .file("PATH=x"), ".apus": .link("real")], at: folder)
            #expect(try PackageEnvironment.read(packageRoot: folder) == [:])
        }
        try await withTemporaryFolder { folder in
            try makeTree(["real": .file("PATH=x"), ".apus/environment": .link("../real")], at: folder)
            #expect(throws: Problem.self) { try PackageEnvironment.read(packageRoot: folder) }
        }
    }
}

@Suite("A build's output")
struct BuildOutputTests {
    func lines(_ text: String, bytesMax: Int = 1000, by size: Int = 3) -> (lines: [String], tail: [String]) {
        var output = BuildOutput(bytesMax: bytesMax)
        var lines: [String] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            lines += Array(rest.prefix(size)).withUnsafeBytes { output.receive($0) }
            rest = rest.dropFirst(size)
        }
        if let last = output.finish() { lines.append(last) }
        return (lines, output.tail)
    }

    @Test("is cut into lines wherever the chunks end")
    func cut() {
        for size in 1...9 { #expect(lines("one\ntwo é\n\nlast", by: size).lines == ["one", "two é", "", "last"]) }
    }

    @Test("keeps of a progress bar what it said last, and nothing that moves a cursor")
    func plain() {
        #expect(lines("10%\r50%\r100%\n").lines == ["100%"])
        #expect(lines("a\r\n").lines == ["a"])
        #expect(lines("\u{1B}[31mred\u{1B}[0m \u{7}bell\u{202E}\0\n").lines == ["red bell"])
    }

    @Test("is bounded in the length of a line and in all, with a word about it")
    func bounded() {
        #expect(
            lines(String(repeating: "x", count: 10_000) + "\nnext\n", bytesMax: 5000, by: 100).lines.map(\.count) == [
                2000, 4,
            ])
        let all = lines(String(repeating: "12345\n", count: 1000), bytesMax: 60, by: 100)
        #expect(all.lines.count == 11)
        #expect(all.lines.last?.contains("left out") == true)
        #expect(all.tail.count == BuildOutput.tailLines)
    }
}

@Suite("A program that pip has made")
struct PythonTreeTests {
    @Test(
        "finds Python where it is started",
        arguments: [
            ("#!/opt/python/bin/python3.11\nimport x\n", "#!/usr/bin/env python3\nimport x\n"),
            ("#!/opt/python/bin/python3 -E\nimport x\n", "#!/usr/bin/env python3\nimport x\n"),
            (
                "#!/bin/sh\n'''exec' \"/a b/python3\" \"$0\" \"$@\"\n' '''\nimport x\n",
                "#!/usr/bin/env python3\nimport x\n"
            ),
            ("#!/bin/sh\necho 1\n", nil), ("\u{7F}ELF\u{1}", nil), ("", nil),
            ("#!/usr/bin/python3", "#!/usr/bin/env python3\n"),
        ] as [(String, String?)])
    func relocated(before: String, after: String?) {
        #expect(PythonTree.relocated(Array(before.utf8)).map { String(decoding: $0, as: UTF8.self) } == after)
    }
}

@Suite("Paths in a package")
struct EntryPathTests {
    @Test("sort a folder before what is in it, and that before what follows")
    func order() throws {
        let paths = try ["a", "a/b", "a/b/c", "a/c", "a-b", "a.c", "aa", "b"].map { (text) throws(Problem) in
            try EntryPath(text)
        }
        #expect(paths.shuffled().sorted() == paths)
    }

    @Test("are told apart by bytes")
    func bytes() throws {
        #expect(try EntryPath("e\u{301}") != EntryPath("\u{E9}"))
    }

    @Test("have a name and a parent")
    func parts() throws {
        let path = try EntryPath("a/é/c")
        #expect(path.name == "c" && path.parent == "a/é")
        #expect(try EntryPath("top").name == "top")
        #expect(try EntryPath("top").parent == "")
    }

    @Test(
        "of links are kept in their shortest spelling",
        arguments: [
            ("./b", "b"), ("b//c/", "b/c"), (".", "."), ("./", "."), ("../x", "../x"), (".././x", "../x"),
        ])
    func links(text: String, spelled: String) throws {
        #expect(try LinkTarget(normalizing: text, at: EntryPath("a/link")).text == spelled)
    }
}
