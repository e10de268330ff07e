import FoundationEssentials
import Subprocess
import Testing
import Wire

@testable import Server

@Suite("The OpenAPI document")
struct OpenAPITests {
    private let text = OpenAPIDocument(routes: Routes.all, version: "0.1.0").text

    @Test("It describes views with their fields, and which of them are always there")
    func schemas() {
        let instance = Schema.of(InstanceView.self).properties
        #expect(instance.first { $0.name == "id" }?.isRequired == true)
        #expect(instance.first { $0.name == "port" }?.isRequired == false)
        #expect(instance.count == 21)
        #expect(Schema.of(ScaleRequest.self).properties.map(\.name) == ["process", "count"])
        #expect(text.contains("\"green\""))
    }

    @Test("A validator of others finds no fault with it")
    func validator() async throws {
        let script = """
            import json, sys
            try:
                from openapi_spec_validator import validate
            except ImportError:
                print("absent"); sys.exit(0)
            validate(json.load(sys.stdin)); print("valid")
            """
        let result = try? await run(
            .name("python3"), arguments: ["-c", script], input: .string(text), output: .string(limit: 4096),
            error: .string(limit: 65536))
        // Without Python, or without the package, there is nothing to ask.
        guard let result, !result.standardOutput.contains("absent") else { return }
        #expect(result.standardOutput == "valid\n", "\(result.standardError)")
    }
}
