import FoundationEssentials
import Glibc
import SystemPackage
import Testing

extension EndToEndTests {
    @Suite("The command line against a real server")
    struct CommandLineTests {
        private static let reads = [
            ["status"], ["hosts"], ["instances"], ["releases", "demo"], ["executions"], ["audit"], ["doctor"],
            ["version"],
            ["plan"], ["token", "list"],
        ]

        @Test("every read has JSON; hostile names are refused with a code and a remedy", .timeLimit(.minutes(2)))
        func readsAndNames() async throws {
            let sample = try SampleRepository(base: 110)
            try await TestFleet.withDev(sample) { fleet in
                for read in Self.reads {
                    let ended = try await fleet.apus(read + ["--json"])
                    #expect(ended.code == 0, "\(read): \(ended.data)\(ended.words)")
                    let data = Data(ended.data.utf8)
                    let lines = ended.data.split(separator: "\n").map { Data($0.utf8) }
                    #expect(
                        isJSON(data) || (!lines.isEmpty && lines.allSatisfy(isJSON)),
                        "\(read): \(ended.data.prefix(400))")
                }
                for name in [
                    "a;b", "$(id)", "`id`", "a\nb", "../..", "\u{202E}demo", String(repeating: "a", count: 65_000), "",
                ] {
                    for command in [["deploy", name], ["releases", name], ["drain", name], ["token", "join", name]] {
                        let ended = try await fleet.apus(command + ["--json"])
                        #expect(ended.code != 0, "\(command[0]) takes \(name.prefix(20).debugDescription)")
                        #expect(
                            ended.words.contains("[name.") && ended.words.contains("  do  ")
                                && ended.words.utf8.count < 2000,
                            "\(command[0]): \(ended.words.prefix(600))")
                    }
                }
                #expect(try await fleet.releasesServing("demo") == [1])
            }
        }

        @Test("--help of every command explains it and runs nothing; completions are there", .timeLimit(.minutes(1)))
        func help() async throws {
            try await TestFleet.with { fleet in
                let commands = [
                    "abort", "agent", "apply", "approve", "audit", "build", "completion", "deploy", "dev", "diff",
                    "doctor",
                    "drain", "events", "executions", "hosts", "init", "instances", "logs", "pause", "plan", "releases",
                    "resume", "rollback", "scale", "server", "show", "status", "token", "undrain", "validate",
                    "version",
                ]
                for command in commands {
                    let ended = try await fleet.apus([command, "--help"], within: 10)
                    #expect(ended.code == 0 && ended.data.contains("USAGE"), "\(command): \(ended.data)\(ended.words)")
                }
                for shell in ["bash", "zsh", "fish"] {
                    let ended = try await fleet.apus("completion", shell)
                    #expect(ended.code == 0 && ended.data.contains("rollback"), "\(shell)")
                }
                #expect(ProcessTable().belonging(to: fleet.folder.string).isEmpty)
            }
        }

        private func isJSON(_ data: Data) -> Bool { (try? JSONDecoder().decode(AnyJSON.self, from: data)) != nil }
    }
}

/// Any JSON value: only whether it is one matters.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            for key in object.allKeys { _ = try object.decode(AnyJSON.self, forKey: key) }
        } else if var list = try? decoder.unkeyedContainer() {
            while !list.isAtEnd { _ = try list.decode(AnyJSON.self) }
        } else {
            let value = try decoder.singleValueContainer()
            guard
                value.decodeNil() || (try? value.decode(Bool.self)) != nil || (try? value.decode(Double.self)) != nil
                    || (try? value.decode(String.self)) != nil
            else { throw Trouble(description: "not JSON") }
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
