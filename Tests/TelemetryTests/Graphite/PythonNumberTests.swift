import Testing

@testable import Telemetry

/// Expected texts and values are what Python 3.11 gives.
@Suite("Numbers as Python has them")
struct PythonNumberTests {
    @Test(
        "as text",
        arguments: [
            (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-10, "-10.0"), (99, "99.0"), (100, "100.0"), (0.1, "0.1"),
            (-0.05, "-0.05"), (1234.56, "1234.56"), (0.000001, "1e-06"), (0.0001, "0.0001"), (0.00012345, "0.00012345"),
            (1e15, "1000000000000000.0"), (1e16, "1e+16"), (1.2e16, "1.2e+16"),
            (-17_999_999_999_999_998, "-1.7999999999999998e+16"),
            (1e22, "1e+22"), (1.5e300, "1.5e+300"), (0.1 + 0.2, "0.30000000000000004"), (1 / 3.0, "0.3333333333333333"),
            (123_456_789.123456, "123456789.123456"), (999_999_999_999_999, "999999999999999.0"), (1e-5, "1e-05"),
            (1.25e-7, "1.25e-07"), (.infinity, "inf"), (-.infinity, "-inf"),
            (1_600_000_000.5, "1600000000.5"), (0.001, "0.001"), (10.000001, "10.000001"),
        ] as [(Double, String)])
    func text(value: Double, expected: String) {
        #expect(PythonNumber.text(value) == expected)
    }

    @Test("any text is the number again, and no longer than Swift's")
    func roundTrip() {
        var state: UInt64 = 7
        for index in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let any = Double(bitPattern: state)
            let value = index % 2 == 0 ? any : Double(Int64(bitPattern: state) >> 30) / 1000
            guard value.isFinite else { continue }
            let text = PythonNumber.text(value)
            #expect(Double(text) == value, "\(value)")
            #expect(text.count <= value.description.count + 4)
        }
    }

    @Test(
        "rounded to places, by the number's exact value",
        arguments: [
            (2.675, 2, 2.67), (0.5, 0, 0), (1.5, 0, 2), (2.5, 0, 2), (1.0000005, 6, 1.000001), (1.0000015, 6, 1.000001),
            (-2.345, 2, -2.35), (1250, -2, 1200), (1350, -2, 1400), (1e300, 6, 1e300), (0.15, 1, 0.1), (0.25, 1, 0.2),
            (5.015, 2, 5.01), (1.005, 2, 1.0),
        ] as [(Double, Int, Double)])
    func rounded(value: Double, places: Int, expected: Double) {
        #expect(PythonNumber.round(value, places) == expected)
    }
}
