import Core
import NIOCore
import NIOPosix
import Subprocess
import SystemPackage

/// One look at an instance: nil when it is well, else what was seen, for people.
struct HealthCheck: Sendable {
    var probe: HealthProbe
    var address: String
    var port: Int
    /// For a probe that is a command.
    var environment: [String: String]
    var directory: FilePath
    var user: UInt32?

    private static let answerBytesMax = 64 << 10

    func run() async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask { await look() }
            group.addTask {
                guard (try? await Task.sleep(for: .milliseconds(probe.timeout.milliseconds))) != nil else { return nil }
                return "\(name): no answer within \(probe.timeout)"
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private var name: String {
        switch probe.kind {
        case .http(let path): "GET \(path)"
        case .tcp: "connection to port \(port)"
        case .command(let command): command.text
        }
    }

    private func look() async -> String? {
        do {
            switch probe.kind {
            case .http(let path): return try await get(path)
            case .tcp: return try await connect().executeThenClose { _, _ in nil }
            case .command(let command): return try await execute(command)
            }
        } catch let error as IOError {
            return "\(name): \(String(cString: strerror(error.errnoCode)))"
        } catch let problem as Problem {
            return "\(name): \(problem.cause)"
        } catch is NIOConnectionError {
            return "\(name): connection refused"
        } catch {
            return "\(name): failed"
        }
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let timeout = TimeAmount.milliseconds(probe.timeout.milliseconds)
        let host = try SocketAddress(ipAddress: address, port: port)
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(timeout)
            .connect(to: host) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// A GET without a client library: the status is all that counts, and the body is read only
    /// so that the instance is not left with a broken connection.
    private func get(_ path: String) async throws -> String? {
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return "\(name): the path is not one of HTTP" }
        let host = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        let request = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: apus-probe\r\nConnection: close\r\n\r\n"
        return try await connect().executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = HTTPAnswer()
            for try await buffer in inbound {
                answer.append(buffer.readableBytesView)
                if answer.isWhole || answer.count > Self.answerBytesMax { break }
            }
            guard let status = answer.status else { return "\(name): the answer is not HTTP" }
            return (200..<400).contains(status) ? nil : "\(name) answered \(status)"
        }
    }

    private func execute(_ command: CommandTemplate) async throws -> String? {
        let result = try await AppCommand(
            arguments: try command.arguments(environment: environment), environment: environment, directory: directory,
            user: user
        ).run { _ in }
        return result.isSuccess ? nil : "\(name): \(result)"
    }
}

/// As much of an HTTP answer as a probe needs.
struct HTTPAnswer {
    private var bytes: [UInt8] = []

    var count: Int { bytes.count }

    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    /// nil until the first line is there, or if it is not HTTP's.
    var status: Int? {
        guard bytes.starts(with: Array("HTTP/1.".utf8)), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            return nil
        }
        let words = bytes[..<end].split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") })
        guard words.count >= 2, words[1].count == 3 else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self))
    }

    /// Whether as many bytes have come as the head announced. Without a length the end of the
    /// connection is the end of the answer.
    var isWhole: Bool {
        guard let end = headEnd else { return false }
        for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self).lowercased()
            guard text.hasPrefix("content-length:") else { continue }
            let digits = text.dropFirst("content-length:".count).filter(\.isNumber)
            return Int(digits).map { bytes.count - end >= $0 } ?? false
        }
        return false
    }

    private var headEnd: Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
            .map { $0 + mark.count }
    }
}
