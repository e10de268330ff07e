import Testing

@Suite("The tidy tests' reader of Swift")
struct SourceTextTests {
    @Test("comments and literals are blanked, code in interpolations is kept")
    func blanks() {
        let text = SourceText("let a = \"{ \\(b + \"}\") {\" // {\nlet c = #\"\\(\"#; /* { /* } */ */ d")
        #expect(text.lines.count == 2)
        #expect(text.lines[0].contains("b + "))
        #expect(!text.code.contains("{") && !text.code.contains("}"))
        #expect(text.lines[1].hasSuffix(" d"))
    }

    @Test("functions are found with their length; requirements of protocols are not")
    func functions() {
        let source = """
            protocol P {
                func required(a: Int) throws(Problem) -> String
                init(text: String)
            }
            struct S: P {
                init(text: String) {
                    self.init(other: text)
                }
                func first<T>(_ x: (Int) -> T) -> T where T: Sendable {
                    func inner() { print("}") }
                    return x(1)
                }
            }
            """
        let functions = SourceText(source).functions
        #expect(
            functions == [
                Function(name: "init", firstLine: 6, lineCount: 3),
                Function(name: "first", firstLine: 9, lineCount: 4),
                Function(name: "inner", firstLine: 10, lineCount: 1),
            ])
    }

    @Test("imports are found in every form")
    func imports() {
        let source =
            "import A\npackage import B\n@testable import C\nimport struct D.E\n// import F\nlet x = \"import G\""
        #expect(SourceText(source).imports == ["A", "B", "C", "D"])
    }
}
