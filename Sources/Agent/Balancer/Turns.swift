/// Lets the functions of one actor in one after another: an actor alone lets others in while it
/// awaits.
final class Turns {
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Every `take` is followed by one `end`.
    func take(isolation: isolated (any Actor)? = #isolation) async {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isBusy = true
        }
    }

    func end() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }
}
