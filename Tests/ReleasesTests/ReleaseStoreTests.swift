@testable import ControlPlane
import Core
import FoundationEssentials
import Glibc
import Testing
import Wire

@Suite("Releases are numbered, recognized and compared")
final class ReleaseStoreTests: Sendable {
    private let folder: String
    private let state: SQLiteStateStore
    private let releases: ReleaseStore
    private let shop: AppName
    private let web: ProcessName

    init() throws {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        folder = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
        state = try SQLiteStateStore(database: StateDatabase(path: folder + "/state.db")) {
            Instant(milliseconds: 1000)
        }
        releases = ReleaseStore(store: state) { Instant(milliseconds: 1000) }
        shop = try AppName("shop")
        web = try ProcessName("web")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func draft(
        digest: String = "aa", config: [String: String] = ["c.json": "{}\n"], environment: [String: String] = [:],
        change: (inout ProcessSpec) -> Void = { _ in }
    ) throws -> ReleaseDraft {
        var process = ProcessSpec(name: web, run: .command(try CommandTemplate("serve $PORT")), instances: 2)
        change(&process)
        return ReleaseDraft(
            app: shop,
            package: PackageReference(
                app: shop, version: "v-\(digest)", digest: try Digest(String(repeating: digest, count: 32)), size: 1,
                signature: ""),
            config: config, environment: environment, processes: [web: process], sourceCommit: "s", configCommit: "c")
    }

    @Test("Numbers rise by one, and the same again is no new release") func numbers() async throws {
        #expect(try await releases.newest(of: shop) == nil)
        let first = try await releases.record(draft(), createdBy: "ann")
        #expect(first.isNew && first.release.number == 1 && first.release.createdBy == "ann")
        #expect(try await !releases.record(draft(), createdBy: "bob").isNew)
        let second = try await releases.record(draft(digest: "bb"), createdBy: "bob")
        #expect(second.release.number == 2)
        #expect(try await releases.record(draft(), createdBy: "ann").release.number == 3)
        #expect(try await releases.releases(of: shop).map(\.number) == [3, 2, 1])
        #expect(try await releases.releases(of: AppName("sho")).isEmpty)
        #expect(try await releases.release(shop, 2) == second.release)
        #expect(try await releases.release(shop, 9) == nil)
        await #expect(throws: Problem.self) { try await releases.existing(shop, 9) }
        // A number is not used again, even when its release is gone.
        _ = try await state.transact(StateTransaction(success: [.deleteRange(.prefix("releases/"))]))
        #expect(try await releases.record(draft(), createdBy: "ann").release.number == 4)
    }

    @Test("Made at once, releases get different numbers") func race() async throws {
        let drafts = try (10..<18).map { try draft(digest: "\($0)") }
        let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
            for draft in drafts {
                group.addTask { [releases] in try await releases.record(draft, createdBy: "x").release.number }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(numbers.sorted() == Array(1...8))
    }

    @Test("Counts and placement make no difference, everything else does") func identity() throws {
        let base = try draft().identity
        #expect(try draft { $0.instances = 9 }.identity == base)
        let host = try HostName("a")
        #expect(try draft { $0.placement = HostSelector(hosts: [host]) }.identity == base)
        #expect(try draft { $0.limits.memory = .mebibytes(1) }.identity != base)
        #expect(try draft(digest: "bb").identity != base)
        #expect(try draft(config: [:]).identity != base)
        #expect(try draft(environment: ["A": "1"]).identity != base)
        // The same in every process: a hash that hung on a dictionary's order would not be.
        let many = Dictionary(uniqueKeysWithValues: (0..<50).map { ("KEY\($0)", "\($0)") })
        let identity = try draft(environment: many) { $0.phases = [.install: "i", .start: "s", .stop: "t"] }.identity
        #expect(identity.short == "341ef471c7fe")
    }

    @Test("A template that speaks of the number makes no endless releases") func numbered() async throws {
        let make: @Sendable (Int) throws(Problem) -> ReleaseDraft = { [self] number throws(Problem) in
            do { return try draft(config: ["n": "release \(number)"]) } catch {
                throw error as? Problem ?? Problem("x", "x", cause: "x", remedy: "x")
            }
        }
        #expect(try await releases.record(of: shop, createdBy: "ann", make).release.config["n"] == "release 1")
        #expect(try await !releases.record(of: shop, createdBy: "ann", make).isNew)
    }

    @Test("A difference is told in words and lines") func diff() async throws {
        let old = try await releases.record(
            draft(config: ["c.json": "a\nb\nc\nd\ne\nf\ng\nh\n", "old": "x"], environment: ["A": "1", "B": "1"]),
            createdBy: "ann"
        ).release
        let new = try await releases.record(
            draft(digest: "bb", config: ["c.json": "a\nb\nc\nd\ne\nF\ng\nh\n"], environment: ["B": "2", "C": "3"]) {
                $0.limits.memory = .mebibytes(256)
            }, createdBy: "ann"
        ).release
        let diff = ReleaseDiffView(old, new)
        let words = diff.values.map { "\($0.part.rawValue) \($0.key): \($0.before ?? "-") → \($0.after ?? "-")" }
        #expect(words.contains("package version: v-aa → v-bb"))
        #expect(words.contains("environment A: 1 → -"))
        #expect(words.contains("environment B: 1 → 2"))
        #expect(words.contains("process web memory: unlimited → 256 MiB"))
        let config = try #require(diff.files.first { $0.path == "c.json" })
        #expect(config.lines.map(\.kind) == [.gap, .same, .same, .same, .removed, .added, .same, .same, .same])
        #expect(diff.files.first { $0.path == "old" }?.lines.first?.kind == .removed)
        #expect(ReleaseDiffView(old, old).values.isEmpty && ReleaseDiffView(old, old).files.isEmpty)
    }
}
