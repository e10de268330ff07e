import ArgumentParser
import Core
import FoundationEssentials
import NIOHTTP1
import Testing
import Wire

@testable import Commands

@Suite struct CommandLineTests {
    static let server = ["APUS_TOKEN": "apus_secret"]

    @Test("A read is a table, or one JSON document")
    func reads() async throws {
        let stub = StubServer([
            "GET /v1/instances": .json(Fixtures.instances), "GET /v1/status": .json(Fixtures.status),
            "GET /v1/hosts": .json(Fixtures.hosts),
        ])
        try await stub.serving { url in
            let environment = ["APUS_URL": url, "APUS_TOKEN": "apus_secret"]
            let table = await CommandLineRun(["instances", "--filter", "app=shop"], environment: environment)
            #expect(table.code == 0 && table.data.hasPrefix("INSTANCE") && table.words.isEmpty)
            let json = await CommandLineRun(["instances", "--json"], environment: environment)
            let objects = try JSONDecoder().decode([InstanceView].self, from: Data(json.data.utf8))
            #expect(objects == Fixtures.instances)
            #expect(json.data.filter { $0 == "\n" }.count == 1)
            let status = await CommandLineRun(["status", "--json"], environment: environment)
            let decoded = try JSONDecoder().decode(StatusView.self, from: Data(status.data.utf8))
            #expect(decoded == Fixtures.status)
        }
        #expect(stub.requests.count == 3)
        #expect(stub.requests.first?.line == "GET /v1/instances?filter=app%3Dshop")
        #expect(stub.requests.allSatisfy { $0.authorization == "Bearer apus_secret" })
    }

    @Test(
        "Help runs nothing and asks no server",
        arguments: Commands.groups.flatMap { $0.subcommands.map { $0._commandName } })
    func help(name: String) async throws {
        let stub = StubServer([:])
        try await stub.serving { url in
            let run = await CommandLineRun([name, "--help"], environment: ["APUS_URL": url])
            #expect(run.code == 0 && run.data.contains("USAGE: apus \(name)") && run.words.isEmpty)
        }
        #expect(stub.requests.isEmpty)
    }

    @Test("A mistake in the arguments ends with 1, and is said on standard error")
    func usage() async {
        for arguments in [
            ["deploy"], ["nonsense"], ["plan", "--deploy"], ["logs", "shop", "--lines", "-1"],
            ["plan", "a", "--deploy", "--rollback"], ["deploy", "a", "b", "--ref", "v1"],
            ["deploy", "a", "--now", "--strategy", "canary"], ["deploy", "a", "--strategy", "bluegreen"],
            ["deploy", "a", "--pause-after", "never"],
        ] {
            let run = await CommandLineRun(arguments)
            #expect(run.code == 1 && run.data.isEmpty && !run.words.isEmpty, "\(arguments)")
        }
    }

    @Test(
        "Names that are none are refused before anything is sent",
        arguments: [
            ["deploy", "../etc"], ["deploy", "a", "--surge=-1"], ["deploy", "a", "--max-unavailable", "101%"],
            ["rollback", "Shop"], ["scale", "shop", "web=-1"], ["scale", "shop", "web"],
            ["drain", "a b"], ["logs", "a.b.c.d.e"],
            ["logs", ""], ["pause", "1/../2"], ["diff", "shop", "r0", "r1"], ["rollback", "shop", "--to", "x"],
            ["hosts", "--filter", "app="],
            ["token", "join", "\u{202E}"], ["token", "create", "--label", "x", "--role", "root"],
        ])
    func hostileNames(arguments: [String]) async throws {
        let stub = StubServer([:])
        try await stub.serving { url in
            let run = await CommandLineRun(arguments, environment: ["APUS_URL": url])
            #expect(run.code == 1 && run.data.isEmpty && run.words.contains("✗") && !run.words.contains("\u{202E}"))
        }
        #expect(stub.requests.isEmpty)
    }

    @Test("What the server refuses is shown whole")
    func refusal() async throws {
        let problem = Problem(
            "app.unknown", "There is no such app.", cause: "prod has shop.", remedy: "Name one of them.")
        try await StubServer(["POST /v1/apps/nix/rollback": .json(problem, status: .notFound)]).serving { url in
            let run = await CommandLineRun(["rollback", "nix"], environment: ["APUS_URL": url])
            #expect(run.code == 1)
            #expect(
                run.words == "✗ There is no such app. [app.unknown]\n  why prod has shop.\n  do  Name one of them.\n")
        }
    }

    @Test("A server that is not there is a problem with a remedy, and said at once", .timeLimit(.minutes(1)))
    func unreachable() async {
        let run = await CommandLineRun(["status"], environment: ["APUS_URL": "http://127.0.0.1:1"])
        #expect(run.code == 1 && run.words.contains("server.unreachable") && run.words.contains("apus dev"))
    }

    @Test("Nothing is asked without a terminal, and nothing is done without a yes")
    func consent() async throws {
        let stub = StubServer([
            "POST /v1/executions/12/control": .json(Fixtures.executions[1]), "POST /v1/plans": .json([Fixtures.plan]),
            "POST /v1/apply": .json(AcceptedView(sentence: "Applied.")),
        ])
        try await stub.serving { url in
            let environment = ["APUS_URL": url]
            #expect(
                await CommandLineRun(["abort", "12"], environment: environment).words.contains("prompt.no-terminal"))
            #expect(await CommandLineRun(["abort", "12"], environment: environment, answers: ["n"]).code == 1)
            #expect(stub.requests.isEmpty)
            #expect(await CommandLineRun(["abort", "12"], environment: environment, answers: ["y"]).code == 0)
            #expect(await CommandLineRun(["abort", "12", "--yes"], environment: environment).code == 0)
            #expect(stub.requests.count == 2)
            #expect(await CommandLineRun(["apply", "-n", "--detailed-exitcode"], environment: environment).code == 2)
            #expect(!stub.requests.contains { $0.line.contains("apply") })
            #expect(await CommandLineRun(["apply"], environment: environment, answers: ["yes"]).code == 0)
            #expect(stub.requests.last?.body.contains(Fixtures.commit) == true)
        }
    }

    @Test("A plan with differences ends with 2 where that is asked for")
    func detailedExitCode() async throws {
        let empty = PlanView(
            id: PlanID(checked: "1"), app: Fixtures.app("shop"), kind: .reconcile, purpose: .reconcile,
            commit: Fixtures.commit,
            desiredRevision: 1, liveRevision: 1, createdAt: Fixtures.now, createdBy: "mira", changes: [],
            summary: .init(added: 0, changed: 0, removed: 0, unchanged: 3, text: ""), warnings: [],
            steps: PlanNodeView(kind: .sequential, title: ""))
        for (plans, code) in [([Fixtures.plan], Int32(2)), ([empty], 0)] {
            try await StubServer(["POST /v1/plans": .json(plans)]).serving { url in
                let run = await CommandLineRun(["plan", "--detailed-exitcode"], environment: ["APUS_URL": url])
                #expect(run.code == code)
            }
        }
    }

    @Test("Completions are made of all commands", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async {
        let run = await CommandLineRun(["completion", shell])
        #expect(run.code == 0 && run.data.contains("rollback") && run.data.contains("cancel-step"))
    }
}
