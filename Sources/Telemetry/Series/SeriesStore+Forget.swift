import Synchronization

extension SeriesStore {
    /// Deletes series with all their points. Returns how many of the names there were; when it returns, no
    /// crash brings them back. Whoever writes one of them again begins anew.
    package func delete(_ names: [SeriesName]) throws(TelemetryProblem) -> Int {
        do throws(FileFault) {
            let (count, position) = try state.withLock { state throws(FileFault) in
                var places: [UInt32] = []
                for name in names {
                    var text = name.text
                    if let place = text.withUTF8({ state.table.place(of: UnsafeRawBufferPointer($0)) }) {
                        places.append(place)
                    }
                }
                return (Set(places).count, try state.forget(Set(places).sorted(), in: log))
            }
            try log.sync(through: position)
            return count
        } catch {
            throw error.problem("The series were not deleted.")
        }
    }

    /// Takes series of which nothing is left out of the index.
    func forgetIdle() {
        let now = clock()
        state.withLock { state in
            for place in Array(state.table.livePlaces) {
                let reach = Int64(state.rules.policies[Int(state.table.records[Int(place)].policy)].reach)
                guard state.table.records[Int(place)].last < now - reach, !state.active.hasPoints(Int(place)),
                    state.frozen?.hasPoints(Int(place)) != true
                else { continue }
                state.remove(place)
            }
        }
    }
}
