package import Core
import Dispatch

/// Runs work that blocks on a disk away from the threads that Swift's tasks share: there are as
/// many of those as cores, and an agent must answer its server while it unpacks.
package enum Blocking {
    package static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        let result: Result<Value, Problem> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                do throws(Problem) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
