import FoundationEssentials
import Glibc
import ServiceLifecycle

/// Gives back, from time to time, what an agent no longer uses of its own program: what it
/// needed to start is a good part of it.
struct FootprintTrim: Service {
    private static let afterStart = Duration.seconds(5)
    private static let interval = Duration.seconds(60)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            try? await Task.sleep(for: Self.afterStart)
            while !Task.isCancelled {
                Footprint.keepOnlyWhatIsUsed()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}

/// How much of the program itself is resident.
enum Footprint {
    /// Keeps only those pages of the program in memory that are used.
    ///
    /// The kernel maps sixteen pages of a file for each one that is touched. A program that
    /// holds every role at once is large, an agent uses little of it, and most of what is mapped
    /// so is never looked at: a fault a page is the better bargain on a host that is there for
    /// other things.
    static func keepOnlyWhatIsUsed() {
        guard let program = realpath("/proc/self/exe", nil) else { return }
        defer { free(program) }
        let path = String(cString: program)
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return }
        for line in maps.split(separator: "\n") where line.hasSuffix(path) {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            let range = words[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard words.count > 1, words[1].hasPrefix("r-"), range.count == 2,
                let start = UnsafeMutableRawPointer(bitPattern: range[0])
            else { continue }
            let length = Int(range[1] - range[0])
            madvise(start, length, MADV_RANDOM)
            // The pages are the file's, and read-only: dropped ones come back from it.
            if words[1].contains("x") { madvise(start, length, MADV_DONTNEED) }
        }
    }
}
