@testable import ControlPlane
import Core
import FoundationEssentials
import Glibc
import Synchronization
import Testing
import Wire

/// A state file of its own, and a clock that the test sets.
final class AccessBench: Sendable {
    let folder: String
    let store: SQLiteStateStore
    let tokens: TokenStore
    let sessions: SessionStore
    let control: AccessControl
    let joins: JoinTokenStore

    init() throws {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        folder = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
        let clock = Clock()
        store = try SQLiteStateStore(database: StateDatabase(path: folder + "/state.db")) { clock.now() }
        tokens = TokenStore(store: store, fabric: try FabricName("prod")) { clock.now() }
        sessions = SessionStore(store: store, tokens: tokens) { clock.now() }
        control = AccessControl(tokens: tokens, sessions: sessions)
        joins = JoinTokenStore(store: store) { clock.now() }
        self.clock = clock
    }

    final class Clock: Sendable {
        private let instant = Mutex(Instant(milliseconds: 1_700_000_000_000))
        func now() -> Instant { instant.withLock { $0 } }
        func advance(_ interval: Interval) { instant.withLock { $0 = $0 + interval } }
    }

    let clock: Clock

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}

func code(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? Problem)?.code ?? "\(error)"
    }
}

@Suite("A host's certificates are good until they are revoked")
struct HostCertificateTests {
    private let bench: AccessBench
    private let certificates: HostCertificates
    private let host: HostName

    init() throws {
        let bench = try AccessBench()
        self.bench = bench
        certificates = HostCertificates(store: bench.store) { bench.clock.now() }
        host = try HostName("web-1")
    }

    private func issued(_ serial: String) -> IssuedCertificate {
        IssuedCertificate(pem: "", serial: serial, expiresAt: bench.clock.now() + .minutes(60))
    }

    @Test("From then on those are good that were given afterwards, by joining or in a chain of renewals")
    func revocation() async throws {
        #expect(try await certificates.isGood("a", of: host))
        try await certificates.note(issued("a"), of: host, renewing: nil)
        try await certificates.revoke(host)
        #expect(try await !certificates.isGood("a", of: host))
        #expect(try await certificates.isGood("a", of: try HostName("web-2")))
        // A renewal that was under way comes too late.
        #expect(
            await code { try await certificates.note(issued("b"), of: host, renewing: "a") }
                == "agent.certificate-refused")
        try await certificates.note(issued("c"), of: host, renewing: nil)
        try await certificates.note(issued("d"), of: host, renewing: "c")
        for (serial, isGood) in [("a", false), ("b", false), ("c", true), ("d", true)] {
            #expect(try await certificates.isGood(serial, of: host) == isGood)
        }
        try await certificates.revoke(host)
        #expect(try await !certificates.isGood("d", of: host))
    }

    @Test("What has expired is not kept for ever") func expiry() async throws {
        try await certificates.revoke(host)
        for number in 1...50 {
            try await certificates.note(issued("s\(number)"), of: host, renewing: nil)
            bench.clock.advance(.minutes(30))
        }
        let size = try await bench.store.get(StateKey("revocations/web-1"))?.value.count ?? 0
        #expect(size > 0 && size < 500)
    }

    @Test("The join tokens of a revoked host, and of no other, are useless") func joinTokens() async throws {
        let fingerprint = Digest(bytes: [UInt8](repeating: 1, count: 32))
        let other = try HostName("web-2")
        let (mine, others) = (
            try await bench.joins.issue(for: host, issuedBy: "ann", authorityFingerprint: fingerprint),
            try await bench.joins.issue(for: other, issuedBy: "ann", authorityFingerprint: fingerprint)
        )
        try await bench.joins.removeAll(of: host)
        #expect(await code { try await bench.joins.redeem(mine, by: host) } == "join.refused")
        #expect(await code { try await bench.joins.redeem(others, by: other) } == nil)
    }
}

@Suite("Tokens open what their role may open, and nothing is kept of them but a hash")
struct TokenTests {
    private let bench: AccessBench
    init() throws { bench = try AccessBench() }

    @Test("A token is recognized until it is revoked") func lifecycle() async throws {
        let (record, token) = try await bench.tokens.create(label: "ci of shop", role: .deployer, createdBy: "ann")
        #expect(token.hasPrefix("apus_") && token.count == 48)
        let principal = try await bench.control.authenticate(bearer: token)
        #expect(principal.label == "ci of shop" && principal.role == .deployer && principal.fabric?.text == "prod")
        #expect(try await bench.tokens.list().map(\.id) == [record.id])
        try await bench.tokens.revoke(record.id)
        #expect(await code { _ = try await bench.control.authenticate(bearer: token) } == "access.unauthenticated")
        #expect(await code { try await bench.tokens.revoke(record.id) } == "token.unknown")
        #expect(await code { try await bench.tokens.revoke("../x y\n") } == "token.unknown")
    }

    @Test("A token's time can end, and its fabric is its own") func bounds() async throws {
        let expiresAt = bench.clock.now() + .minutes(5)
        let (_, token) = try await bench.tokens.create(
            label: "short", role: .admin, expiresAt: expiresAt, createdBy: "ann")
        _ = try await bench.control.authenticate(bearer: token)
        let elsewhere = TokenStore(store: bench.store, fabric: try FabricName("staging")) { Instant(milliseconds: 0) }
        #expect(try await elsewhere.find(token: token) == nil)
        bench.clock.advance(.minutes(5))
        #expect(await code { _ = try await bench.control.authenticate(bearer: token) } == "access.unauthenticated")
    }

    @Test("The token itself is nowhere in the state file") func hashed() async throws {
        let (_, token) = try await bench.tokens.create(label: "secret", role: .viewer, createdBy: "ann")
        let secret = Array(token.dropFirst(5).utf8)
        for entry in try await bench.store.range(.all, limit: nil).entries {
            #expect(entry.value.firstRange(of: secret) == nil && !entry.key.text.contains(token.dropFirst(5)))
        }
    }

    @Test("Use is noted to the hour") func use() async throws {
        let (_, token) = try await bench.tokens.create(label: "used", role: .viewer, createdBy: "ann")
        let first = bench.clock.now()
        _ = try await bench.control.authenticate(bearer: token)
        bench.clock.advance(.minutes(10))
        _ = try await bench.control.authenticate(bearer: token)
        #expect(try await bench.tokens.list().first?.lastUsedAt == first)
        bench.clock.advance(.minutes(60))
        _ = try await bench.control.authenticate(bearer: token)
        #expect(try await bench.tokens.list().first?.lastUsedAt == bench.clock.now())
    }

    @Test(
        "Hostile tokens are refused alike",
        arguments: [
            "", "apus_", "apus_../../x", "Bearer apus_", "apus_" + String(repeating: "A", count: 65_536),
            "apus_" + String(repeating: "A", count: 43), "apus_" + String(repeating: "é", count: 43), "\u{0}\n",
        ])
    func hostile(token: String) async {
        #expect(await code { _ = try await bench.control.authenticate(bearer: token) } == "access.unauthenticated")
    }

    @Test(
        "Labels that could change a page or a log are refused",
        arguments: ["", "a\nb", "\u{202E}abc", String(repeating: "x", count: 101)])
    func labels(label: String) async {
        #expect(
            await code { _ = try await bench.tokens.create(label: label, role: .viewer, createdBy: "ann") }
                == "token.label-invalid")
    }

    @Test("Each role may do what the ones before it may") func roles() async throws {
        #expect(Role.allCases.sorted() == [.reporter, .viewer, .deployer, .operator, .admin])
        for role in Role.allCases {
            let principal = Principal(label: "x", role: role, fabric: try FabricName("prod"), tokenID: "t")
            for needed in Role.allCases {
                let refused = await code { try AccessControl.require(needed, of: principal) }
                #expect(refused == (role >= needed ? nil : "access.forbidden"))
            }
        }
    }
}

@Suite("Sessions begin with a token, and end with it")
struct SessionTests {
    private let bench: AccessBench
    init() throws { bench = try AccessBench() }

    @Test("A session follows its token, its time and the logout") func lifecycle() async throws {
        let (record, token) = try await bench.tokens.create(label: "ann", role: .operator, createdBy: "setup")
        let session = try await bench.sessions.logIn(token: token)
        #expect(session.setCookie(isSecure: true).contains("HttpOnly; SameSite=Strict; Max-Age=43200; Secure"))
        let (principal, found) = try await bench.control.authenticate(cookie: session.cookie)
        #expect(principal.role == .operator && found == session)
        #expect(found.accepts(crossSiteToken: session.crossSiteToken) && !found.accepts(crossSiteToken: session.cookie))
        let other = try await bench.sessions.logIn(token: token)
        #expect(other.crossSiteToken != session.crossSiteToken)
        try await bench.sessions.logOut(cookie: session.cookie)
        #expect(
            await code { _ = try await bench.control.authenticate(cookie: session.cookie) } == "access.unauthenticated")
        try await bench.tokens.revoke(record.id)
        #expect(try await bench.sessions.find(cookie: other.cookie) == nil)
    }

    @Test("Old sessions are forgotten") func expiry() async throws {
        let (_, token) = try await bench.tokens.create(label: "ann", role: .viewer, createdBy: "setup")
        let session = try await bench.sessions.logIn(token: token)
        bench.clock.advance(SessionStore.lifetime)
        #expect(try await bench.sessions.find(cookie: session.cookie) == nil)
        _ = try await bench.sessions.logIn(token: token)
        #expect(try await bench.store.range(.prefix("sessions/"), limit: nil).entries.count == 1)
        #expect(await code { _ = try await bench.sessions.logIn(token: "apus_x") } == "access.unauthenticated")
    }
}

@Suite("A join token lets one host in, once")
struct JoinTokenTests {
    private let bench: AccessBench
    private let fingerprint: Digest
    private let host: HostName

    init() throws {
        bench = try AccessBench()
        fingerprint = try Digest(String(repeating: "ab", count: 32))
        host = try HostName("web-1")
    }

    private func issue() async throws -> String {
        try await bench.joins.issue(for: host, issuedBy: "ann", authorityFingerprint: fingerprint)
    }

    @Test("Only its host, only in time, only once") func lifecycle() async throws {
        let token = try await issue()
        #expect(try JoinTokenStore.authorityFingerprint(of: token) == fingerprint)
        #expect(await code { try await bench.joins.redeem(token, by: HostName("web-2")) } == "join.refused")
        try await bench.joins.redeem(token, by: host)
        #expect(await code { try await bench.joins.redeem(token, by: host) } == "join.refused")
        let late = try await issue()
        bench.clock.advance(.minutes(61))
        #expect(await code { try await bench.joins.redeem(late, by: host) } == "join.refused")
        _ = try await issue()
        #expect(try await bench.store.range(.prefix("join-tokens/"), limit: nil).entries.count == 1)
    }

    @Test("Of many at once, one succeeds") func race() async throws {
        let token = try await issue()
        let winners = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask { [bench, host] in
                    await code { try await bench.joins.redeem(token, by: host) } == nil ? 1 : 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(winners == 1)
    }

    @Test("Other texts are refused", arguments: ["", "apus-join-", "apus-join-x.y", "apus_x", ".", "apus-join-.."])
    func hostile(token: String) async {
        #expect(await code { try await bench.joins.redeem(token, by: host) } == "join.refused")
        #expect(await code { _ = try JoinTokenStore.authorityFingerprint(of: token) } == "join.refused")
    }
}
