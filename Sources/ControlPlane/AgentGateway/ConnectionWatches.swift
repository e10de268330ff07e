import NIOCore
import Synchronization
import Wire

/// Every connection of the gateway, and how long each has been silent.
///
/// Few may be strangers at once. When ten thousand agents come back to a server that was restarted,
/// the first ones are through before the last ones are begun with: if all were begun with at once,
/// each would take as long as all of them, and give up before its end.
final class ConnectionWatches: Sendable {
    static let strangersMax = 256

    fileprivate struct Entry {
        var watch: SilenceWatch?
        var channel: (any Channel)?
        var isStranger = true
        var isGivenUp = false
    }

    fileprivate struct State {
        var entries: [Int: Entry] = [:]
        var next = 0
        var strangers = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Returns when another stranger may come in. For one caller.
    func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.strangers >= Self.strangersMax else { return true }
                state.waiting = continuation
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// - Returns: the new connection's number.
    func enter() -> Int {
        state.withLock { state in
            state.next += 1
            state.strangers += 1
            state.entries[state.next] = Entry()
            return state.next
        }
    }

    func watch(_ number: Int, _ watch: SilenceWatch, _ channel: any Channel) {
        state.withLock { state in
            state.entries[number]?.watch = watch
            state.entries[number]?.channel = channel
        }
    }

    /// The peer has said who it is.
    func settle(_ number: Int) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.entries[number]?.isStranger == true else { return nil }
            state.entries[number]?.isStranger = false
            return state.takeStranger()
        }?.resume()
    }

    func leave(_ number: Int) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.entries.removeValue(forKey: number)?.isStranger == true else { return nil }
            return state.takeStranger()
        }?.resume()
    }

    /// Connections that have been waited for too long, each once.
    func silent(for silenceMax: Duration, strangersFor strangersMax: Duration) -> [any Channel] {
        let now = ContinuousClock.now
        return state.withLock { state in
            var silent: [any Channel] = []
            for (number, entry) in state.entries {
                guard !entry.isGivenUp, let channel = entry.channel, let silence = entry.watch?.silence(at: now),
                    silence >= (entry.isStranger ? strangersMax : silenceMax)
                else { continue }
                state.entries[number]?.isGivenUp = true
                silent.append(channel)
            }
            return silent
        }
    }
}

extension ConnectionWatches.State {
    /// - Returns: who waits for the place that is free now.
    fileprivate mutating func takeStranger() -> CheckedContinuation<Void, Never>? {
        strangers -= 1
        defer { waiting = nil }
        return waiting
    }
}
