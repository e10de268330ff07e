import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Which seeds are tried.
enum Seeds {
    /// How many of the last happenings a failure shows.
    static var historyCount: Int { setting("APUS_HISTORY").flatMap { Int($0) } ?? 60 }

    /// Parts that run side by side.
    static func ranges(of count: UInt64) -> [Range<UInt64>] {
        let bounds =
            setting("APUS_SEEDS")?.split(separator: ".", omittingEmptySubsequences: true).compactMap { UInt64($0) }
            ?? []
        let first = bounds.first ?? 1
        let last = bounds.count > 1 ? bounds[1] : bounds.first ?? count
        let size = max(1, (last - first + 2) / 2)
        return stride(from: first, through: last, by: Int(size)).map { $0..<min($0 + size, last + 1) }
    }

    static func setting(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
