import FoundationEssentials
import SystemPackage
import Telemetry
import Testing

@testable import Logs

@Suite("Blocks of version 1")
struct OldBlockTests {
    /// A segment that the program wrote before blocks had version 2: sixty lines of `app=shop`.
    private static let segment = """
        YXB1c2xnczEBPICA0OLGv86XL8CEPQARPPkNthYIADwDggJlZjpNbcoREjwiQKhuI98B4ALqnWgTAgR1c2VyPAH7AisrHTwKm+cCAAAA\
        AAAA5wIUPAWzSHECbXMeAboFCAhs11PlpgMAAAAAAACmA5QC7gM+3fq8wgUICM0SbGIotS/9AABFAAAQAAEBAD8BFii1L/0AAE0AABgA\
        AQIBAPZ0Qyi1L/0AALUGAIKNKSaQKelz8Ffqn/v+r+F3GtlfLH5S6Z3ccsskJeqs2vU3Uv4baY0QEil/hZuZT2fi5VNSM69vWCkh33pG\
        6KtlufxSPFbhGo98iwy/yel0P1S7y3vq6t492VnXbsiVyO5SdGhX75XdeZqylx7RmXeexkeKDO88jX1t9c7TBDwYxvFgHA0AxrIsFIqS\
        JAhDAgEiETEhYKDgUNBwALGAMNBAFsmiMBTIAxIVAEA4uAOMg8aBcJgjzWsAFgfCwXHQBywOhIPjoPEwxcJQxAs6xLVX5dgewAIotS/9\
        AADlAgASBhUboKc5PxrxW7qU2+1Ja192GLuqz/PgiCoXbssUitWue4SlYZUBbBYDn130Bya5V0dYJhINJAScko3tQ8hno5GIdQ7ZZ9u0\
        5OoH1W3LC3p1BQ9FBQ4BABVKHSi1L/0AAF0AACgAAQIDBAEAxFm0AAEwBAUGdXNlcjB4BnVzZXIxeAZ1c2VyMngGdXNlcjN4BnVzZXI0\
        eAAAPCi1L/0AAF0IAFacPw+gJR0k4R/VNE3bqgxY/1c7ADoAOgAsYU+CiuGUP3TffSxtppo0Njq+T7CKC2rwKf3l5t14P3TffSxtplqq\
        8Cn95ebdeCr4lP5y8248IQgEgCRZwp4UKsJJRDNkuzWXaAR+6L77WNpMtXOqWfjwdcSYpLHR8X2CVVx6uTzzGh7NP0IFn9Jfbt6Nm2TG\
        OdUcPHwdMUZuC0fcDT+jHmlsdHyfwiqux5qHcsQIHj56uTzzCo/mH2U98nNRFa8Jdoq66rxDARU5whzBrS1QRmJjkixhTwYV4XRjsc0O\
        0jr7RUQTst2aSzSiwcPIrWNcbR5+6L77WNpM1XhJ7Jvq+74DAwBxuekSGLgDWAABMAUAAO4DVVVVVVVVVQUL8LA60MlnaXHE9kaDjGXR\
        Pwi6BD8wyoeIr7YyVNOosHvbers7nfOfrDav7NFuprNf1UHcuf0ye+jXXvN4ltcPqold1ep30U12enRd+eeqHc2XeT4lqI1+AP1y5Hfq\
        jZN0kKsVAbazAoCA0OLGv86XLwECA2FwcARzaG9wBGhvc3QFd2ViLTECBHVzZXICbXMBAAjCBgA8gIDQ4sa/zpcvgJPymse/zpcvCAB4\
        o4ppPAMCAAFKAwAAAAAAAFAAAAB0kKWo63OuoGFwdXNsZ2Ux
        """

    private static func message(_ number: Int) -> String {
        switch number % 3 {
        case 0: "order \(number * 37) of user alice\(number % 7) took \(number * number) ms"
        case 1: "Receiving blk_\(number * 7919)_\(number) timed out"
        default: "nothing to say"
        }
    }

    @Test("lines of segments that an older program wrote are read and found as ever")
    func old() throws {
        let disk = TestDisk()
        try disk.replace("/old.lines", with: [UInt8](try #require(Data(base64Encoded: Self.segment))))
        let segment = try StoredSegment("/old.lines", number: 1, on: disk, DamageCount())
        let entry = try #require(segment.directory.entries.first)
        #expect(entry.summary.rows == 60)
        let block = try segment.block(0, in: segment.file)
        var messages: [String] = []
        try block.values(of: "message", at: RowSet(rows: 60, all: true)) { _, value in
            messages.append(String(decoding: value ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self))
        }
        #expect(messages == (0..<60).map(Self.message))
        for (phrase, found) in [
            ("timed out", 20), ("nothing", 20), ("alice3", 3), ("blk_316760_40", 1), ("user", 20), ("took 9 ms", 1),
            ("say nothing", 0),
        ] {
            let condition = LogCondition(.phrase(Array(phrase.utf8)))
            #expect(try block.select(condition, among: RowSet(rows: 60, all: true)).count == found, "\(phrase)")
        }
        let user = LogCondition(field: "user", .equals(Array("user2x".utf8)))
        #expect(try block.select(user, among: RowSet(rows: 60, all: true)).count == 12)
        let some = LogCondition(field: "ms", .exists)
        #expect(try block.select(some, among: RowSet(rows: 60, all: true)).count == 30)
    }
}
