import Telemetry
import Testing

@Suite("gzip")
struct GzipTests {
    /// `printf 'hello\n' | gzip -n`
    private static let hello: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0xE7, 0x02, 0x00,
        0x20, 0x30, 0x3A, 0x36, 0x06, 0x00, 0x00, 0x00,
    ]
    /// `python3 -c 'import zlib; print(zlib.compress(b"hello\n").hex())'`
    private static let zlib: [UInt8] = [
        0x78, 0x9C, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0xE7, 0x02, 0x00, 0x08, 0x4B, 0x02, 0x1F,
    ]

    private func code(_ bytes: [UInt8], max: Int = 1 << 20) -> String? {
        do throws(TelemetryProblem) { _ = try Gzip.unpacked(bytes, bytesMax: max) } catch { return error.code }
        return nil
    }

    @Test("is unpacked, member after member, and so is zlib")
    func good() throws {
        #expect(try Gzip.unpacked(Self.hello, bytesMax: 6) == Array("hello\n".utf8))
        #expect(try Gzip.unpacked(Self.zlib, bytesMax: 6) == Array("hello\n".utf8))
        #expect(try Gzip.unpacked(Self.hello + Self.hello, bytesMax: 100) == Array("hello\nhello\n".utf8))
    }

    @Test("what is cut off, changed or too large is refused")
    func bad() {
        #expect(code(Self.hello, max: 5) == "gzip.too-large")
        #expect(code([]) == "gzip.invalid")
        #expect(code(Array("hello".utf8)) == "gzip.invalid")
        for count in 1..<Self.hello.count { #expect(code(Array(Self.hello.prefix(count))) == "gzip.invalid") }
        var changed = Self.hello
        changed[20] ^= 1
        #expect(code(changed) == "gzip.invalid")
    }
}
