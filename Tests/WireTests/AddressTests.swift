import Core
import Testing

@testable import Wire

@Suite("Addresses and join tokens")
struct AddressTests {
    @Test("Names, IPv4 and IPv6 addresses are read, with and without a port")
    func addresses() throws {
        #expect(try ServerAddress("apus.example.com") == ServerAddress(host: "apus.example.com", port: 2788))
        #expect(try ServerAddress("10.0.0.1:99") == ServerAddress(host: "10.0.0.1", port: 99))
        #expect(try ServerAddress("[2001:db8::1]:2788") == ServerAddress(host: "2001:db8::1", port: 2788))
        #expect(try ServerAddress("[::1]").description == "[::1]:2788")
    }

    @Test(
        "Anything else is refused",
        arguments: ["", ":1", "a:b", "a:0", "a:65536", "a b", "a;b", "[::1", "[::1]x", "a\n", "a/b", "2001:db8::1"])
    func hostileAddresses(text: String) {
        #expect(throws: Problem.self) { try ServerAddress(text) }
    }

    @Test("A token's text is read back")
    func token() throws {
        let token = JoinToken(
            secret: String(repeating: "a", count: 43),
            authorityFingerprint: Digest(bytes: [UInt8](repeating: 7, count: 32)))
        #expect(try JoinToken(token.text) == token)
    }

    @Test("A token that is cut or changed is refused, and its secret is not repeated")
    func hostileTokens() throws {
        let good = "apus-join-" + String(repeating: "s", count: 43) + "." + String(repeating: "0", count: 64)
        for text in [
            "", "apus-join-", String(good.dropLast()), good + "0", good + "\n", "x" + good, good.uppercased(),
            good + ".",
        ] {
            let problem = #expect(throws: Problem.self) { try JoinToken(text) }
            #expect(problem?.description.contains("sss") == false)
        }
    }
}
