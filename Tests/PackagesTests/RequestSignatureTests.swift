import CloudAWS
import Testing

/// Requests and signatures of AWS's own signing test suite, as facts (awslabs/aws-c-auth,
/// tests/aws-signing-test-suite/v4).
@Suite("AWS's signatures")
struct RequestSignatureTests {
    private func signature(_ request: SignedRequest) -> String? {
        let signature = RequestSignature(
            credentials: AWSCredentials(
                accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1", service: "service", encodesPathTwice: false)
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let headers = signature.headers(for: request, payload: empty, at: "20150830T123600Z")
        return headers.last?.1.split(separator: "Signature=").last.map(String.init)
    }

    @Test("are those of AWS")
    func facts() {
        for (request, expected) in Self.cases { #expect(signature(request) == expected, "\(request)") }
    }

    private static func request(
        _ method: String, _ path: String, _ query: [(String, String)] = [], _ headers: [(String, String)] = []
    ) -> SignedRequest {
        SignedRequest(
            method: method, path: path, query: query, headers: [("Host", "example.amazonaws.com")] + headers)
    }

    private static let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    private static let cases: [(SignedRequest, String)] = [
        (request("GET", "/"), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            request("GET", "/", [("Param2", "value2"), ("Param1", "value1")]),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        ),
        (
            request("GET", "/", [("Param-3", "Value3"), ("Param", "Value2"), ("ሴ", "Value1")]),
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"
        ),
        (request("GET", "/", [("ሴ", "bar")]), "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        (
            request("GET", "/", [(unreserved, unreserved)]),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"
        ),
        (request("GET", "/" + unreserved), "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        (request("GET", "/%E1%88%B4"), "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        (request("GET", "/example%20space/"), "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        (
            request("GET", "/", [], [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")]),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
        ),
        (
            request("GET", "/", [], [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")]),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
        ),
        (request("POST", "/"), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            request("POST", "/", [("Param1", "value1")]),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"
        ),
        (
            request("POST", "/", [], [("My-Header1", "VALUE1")]),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"
        ),
    ]
}
