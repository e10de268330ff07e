import CShim
import FoundationEssentials
import Glibc
import ServiceLifecycle

/// Gives back, from time to time, what an agent no longer uses of its own program: what it
/// needed to start is a good part of it.
struct FootprintTrim: Service {
    private static let afterStart = Duration.seconds(2)
    private static let interval = Duration.seconds(30)

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

/// Gives back, from time to time, the heap that a server no longer uses. Ten thousand agents that
/// come at once leave holes in it, of which the allocator by itself gives back only those at its end.
struct HeapTrim: Service {
    private static let interval = Duration.seconds(20)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil { apus_heap_give_back() }
        }
    }
}

/// How much of the program is resident.
enum Footprint {
    /// Keeps only those pages of code in memory that are used, and gives free heap back.
    ///
    /// The kernel maps sixteen pages of a file for each one that is touched. A program that
    /// holds every role at once is large, an agent uses little of it, and most of what is mapped
    /// so is never looked at: a few faults are the better bargain on a host that is there for
    /// other things.
    static func keepOnlyWhatIsUsed() {
        apus_heap_give_back()
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return }
        for line in maps.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            // Code is never written to: what is dropped comes back from its file, unchanged.
            guard words.count == 6, words[1] == "r-xp", words[5].hasPrefix("/") else { continue }
            let range = words[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard range.count == 2, let start = UnsafeMutableRawPointer(bitPattern: range[0]) else { continue }
            madvise(start, Int(range[1] - range[0]), MADV_DONTNEED)
        }
    }
}
