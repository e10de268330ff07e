import FoundationEssentials
import Glibc
import SystemPackage
import Testing

extension EndToEndTests {
    @Suite("Programs that nobody here wrote")
    struct ForeignTests {
        private static let folder = FilePath(#filePath).removingLastComponent().pushing("../../examples/foreign")
            .lexicallyNormalized()

        @Test("httpbin under gunicorn needs less than 25 lines of YAML, all told")
        func lines() throws {
            var lines = 0
            for path in try FileManager.default.subpathsOfDirectory(atPath: Self.folder.string)
            where path.hasSuffix(".yaml") {
                let text = try String(contentsOfFile: Self.folder.pushing(FilePath(path)).string, encoding: .utf8)
                lines += text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
            }
            #expect((10..<25).contains(lines))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending("httpbin").string) == [
                    "requirements.txt"
                ])
        }

        @Test("httpbin is built, deployed and answers through HAProxy", .timeLimit(.minutes(3)))
        func httpbin() async throws {
            try await TestFleet.with { fleet in
                try await fleet.startDev(Self.folder)
                let deploy = try await fleet.apus(["deploy", "httpbin", "--wait"], within: 120)
                #expect(deploy.code == 0, "\(deploy.data)\(deploy.words)")
                try await fleet.allServing("httpbin")
                let url = try #require(try fleet.current.edge) + "/get?bird=swift"
                let answer = try await eventually("An answer of httpbin") {
                    let answer = try await curl(url, host: "httpbin.localhost", fleet)
                    return answer.contains("\"bird\"") ? answer : nil
                }
                #expect(answer.contains("\"bird\": \"swift\"") || answer.contains("\"bird\":\"swift\""))
            }
        }
    }
}

/// The answer's body.
/// - Throws: `Trouble` unless it comes with a status of success.
func curl(_ url: String, host: String, _ fleet: TestFleet) async throws -> String {
    let body = fleet.folder.appending("curl-body")
    unlink(body.string)
    let log = fleet.logs.appending("curl.log")
    let process = try ChildProcess(
        [
            "curl", "--silent", "--show-error", "--fail", "--max-time", "5", "--header", "Host: \(host)", "--output",
            body.string, url,
        ],
        data: log, words: log)
    let code = try await process.end(within: 10)
    guard code == 0 else { throw Trouble(description: "curl ended with \(code).") }
    return try String(contentsOfFile: body.string, encoding: .utf8)
}
