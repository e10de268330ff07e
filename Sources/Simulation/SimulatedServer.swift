import Core

/// One run of the server: the loop, and its shell around it.
///
/// As the real shell does, it saves first and sends then; while the store refuses, what comes in
/// waits; and when another run has taken the store over, it stops for good.
struct SimulatedServer: Sendable {
    enum Input: Sendable {
        case event(Orchestrator.Event)
        case tick
    }

    var orchestrator: Orchestrator
    /// Higher than that of every run before.
    let fence: Int64
    /// Orders that have not been answered, by host: what the gateway holds, and loses when it ends.
    var unanswered: [HostName: [HostOrder]] = [:]
    var ticks = 0
    /// What came while it could not take it.
    var inbox: [Input] = []
    /// Actions whose changes the store has not taken yet.
    var unsaved: [Orchestrator.Action]?
    /// The machine sleeps, or the process is stopped: connections stay, and nothing happens.
    var isFrozen = false
    /// It ends between saving and sending, the next time that it saves.
    var diesAfterSaving = false

    var isWaiting: Bool { isFrozen || unsaved != nil }
}
