import Core

/// How much a package may be. Packing and unpacking keep the same limits, so that what was
/// built can be unpacked.
package struct UnpackLimits: Hashable, Sendable {
    /// How far a package may expand whatever the ratio: a few empty pages compress to nothing.
    package static let ratioFreeBytes: Int64 = 64 << 20

    /// Bytes of the tar stream: contents, and 512 to 1,023 more for each entry.
    package var unpackedBytesMax: Int64
    package var entriesMax: Int
    /// Unpacked bytes for one packed byte.
    package var ratioMax: Int64

    package static let standard = UnpackLimits()

    package init(unpackedBytesMax: Int64 = 4 << 30, entriesMax: Int = 250_000, ratioMax: Int64 = 200) {
        self.unpackedBytesMax = unpackedBytesMax
        self.entriesMax = entriesMax
        self.ratioMax = ratioMax
    }

    /// The most that an archive of this size may unpack to.
    func unpackedBytesMax(archiveBytes: Int64) -> Int64 {
        let (product, overflow) = archiveBytes.multipliedReportingOverflow(by: ratioMax)
        return min(unpackedBytesMax, max(Self.ratioFreeBytes, overflow ? .max : product))
    }

    func check(entries: Int) throws(Problem) {
        if entries > entriesMax { throw Self.exceeded("It has more than \(entriesMax) entries.") }
    }

    func check(unpackedBytes: Int64) throws(Problem) {
        if unpackedBytes > unpackedBytesMax { throw Self.exceeded("It has more than \(unpackedBytesMax) bytes.") }
    }

    func check(unpackedBytes: Int64, archiveBytes: Int64) throws(Problem) {
        try check(unpackedBytes: unpackedBytes)
        let bytesMax = unpackedBytesMax(archiveBytes: archiveBytes)
        if unpackedBytes > bytesMax {
            throw Self.exceeded("Its \(archiveBytes) bytes unpack to more than \(bytesMax).")
        }
    }

    private static func exceeded(_ cause: String) -> Problem {
        Problem(
            "package.limit-exceeded", "The package is larger than the limits allow.", cause: cause,
            remedy: "Leave out what the app does not need, or raise the limits.")
    }
}
