import Synchronization

@testable import Logs

/// Files in memory. Numbers of files that are gone are given again at once, the lowest first.
final class SimulatedFiles: LogFiles, Sendable {
    final class Node: Sendable {
        struct State {
            var bytes: [UInt8] = []
            var changed: Int64 = 0
            var links = 1
            var handles = 0
        }

        let inode: UInt64
        let state = Mutex(State())

        init(_ inode: UInt64) { self.inode = inode }
    }

    struct State {
        var paths: [String: Node] = [:]
        var nodes: [Node] = []
        var clock: Int64 = 0
    }

    private let state = Mutex(State())

    private static func sweep(_ state: inout State) {
        state.nodes.removeAll { node in node.state.withLock { $0.links == 0 && $0.handles == 0 } }
    }

    private func node(_ path: String) -> Node? { state.withLock { $0.paths[path] } }

    private func tick() -> Int64 {
        state.withLock { state in
            state.clock += 1
            return state.clock
        }
    }

    var names: [String] { state.withLock { $0.paths.keys.sorted() } }

    func append(_ text: some Collection<UInt8>, to path: String) {
        let now = tick()
        let node = state.withLock { state -> Node in
            if let node = state.paths[path] { return node }
            Self.sweep(&state)
            let used = Set(state.nodes.map(\.inode))
            let node = Node((1...).first { !used.contains($0) } ?? 0)
            state.nodes.append(node)
            state.paths[path] = node
            return node
        }
        node.state.withLock {
            $0.bytes += text
            $0.changed = now
        }
    }

    func content(_ path: String) -> [UInt8] { node(path)?.state.withLock { $0.bytes } ?? [] }

    func truncate(_ path: String) {
        let now = tick()
        node(path)?.state.withLock {
            $0.bytes = []
            $0.changed = now
        }
    }

    func rename(_ path: String, to new: String) {
        guard node(path) != nil else { return }
        remove(new)
        state.withLock { $0.paths[new] = $0.paths.removeValue(forKey: path) }
    }

    func remove(_ path: String) {
        guard let node = state.withLock({ $0.paths.removeValue(forKey: path) }) else { return }
        node.state.withLock { $0.links -= 1 }
    }

    // MARK: LogFiles

    func list(_ folder: String) -> [String] {
        state.withLock { state in
            state.paths.keys.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
                .filter { !$0.contains("/") }.sorted()
        }
    }

    func status(_ path: String) -> LogFileStatus? { node(path).map(Self.status) }

    func open(_ path: String) -> (any LogFile)? { node(path).map(Handle.init) }

    private static func status(_ node: Node) -> LogFileStatus {
        node.state.withLock {
            LogFileStatus(
                key: LogFileKey(device: 1, inode: node.inode), size: $0.bytes.count, changed: $0.changed,
                links: $0.links)
        }
    }

    private final class Handle: LogFile {
        let node: Node

        init(_ node: Node) {
            self.node = node
            node.state.withLock { $0.handles += 1 }
        }

        deinit { node.state.withLock { $0.handles -= 1 } }

        func status() -> LogFileStatus? { SimulatedFiles.status(node) }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
            node.state.withLock { state in
                state.bytes.withUnsafeBytes { bytes in
                    let count = max(0, min(buffer.count, bytes.count - offset))
                    if count > 0 {
                        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
                    }
                    return count
                }
            }
        }
    }
}
