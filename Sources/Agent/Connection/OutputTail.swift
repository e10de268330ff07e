import Core
import Wire

/// Sends an instance's output, in batches that fit a frame, as fast as the connection takes it.
struct OutputTail: Sendable {
    private static let batchBytesMax = 128 << 10
    private static let lineBytesMax = 64 << 10

    let request: UInt64
    let lines: AsyncThrowingStream<[String], any Error>
    let cancelled: Signal

    func run(send: @escaping @Sendable (AgentMessage) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await batch in lines {
                        for part in Self.parts(of: batch) {
                            try await send(.outputLines(request: request, lines: part, isEnd: false))
                        }
                    }
                    try await send(.outputLines(request: request, lines: [], isEnd: true))
                } catch {
                    try Task.checkCancellation()
                    try await send(
                        .outputLines(request: request, lines: ["The output ends here: \(error)"], isEnd: true))
                }
            }
            group.addTask { await cancelled.wait() }
            try await group.next()
            group.cancelAll()
        }
    }

    private static func parts(of lines: [String]) -> [[String]] {
        var parts: [[String]] = []
        var part: [String] = []
        var bytes = 0
        for line in lines {
            let isLong = line.utf8.count > lineBytesMax
            let line = isLong ? String(decoding: line.utf8.prefix(lineBytesMax), as: UTF8.self) + "…" : line
            if bytes + line.utf8.count > batchBytesMax && !part.isEmpty {
                parts.append(part)
                part = []
                bytes = 0
            }
            part.append(line)
            bytes += line.utf8.count
        }
        if !part.isEmpty { parts.append(part) }
        return parts
    }
}
