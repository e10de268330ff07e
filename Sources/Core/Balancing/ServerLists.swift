/// The servers of every process, each list in the order of instances and hosts.
///
/// A list is kept in its order and changed one server at a time: to make it anew for every
/// instance that changes would cost the whole process each time.
struct ServerLists: Sendable {
    private var lists: [AppName: [ProcessName: [BalancerConfiguration.Server]]] = [:]

    subscript(app: AppName, process: ProcessName) -> [BalancerConfiguration.Server] { lists[app]?[process] ?? [] }

    /// - Parameter server: nil: the instance cannot be reached.
    /// - Returns: whether anything has changed.
    @discardableResult
    mutating func set(_ server: BalancerConfiguration.Server?, for key: InstanceKey) -> Bool {
        let (index, isThere) = Self.index(of: key, in: self[key.instance.app, key.instance.process])
        switch (server, isThere) {
        case (nil, false): return false
        case (let server?, true) where self[key.instance.app, key.instance.process][index] == server: return false
        case (let server?, true): lists[key.instance.app]?[key.instance.process]?[index] = server
        case (let server?, false):
            lists[key.instance.app, default: [:]][key.instance.process, default: []].insert(server, at: index)
        case (nil, true): lists[key.instance.app]?[key.instance.process]?.remove(at: index)
        }
        return true
    }

    /// Where the server is, or would be: found by halves.
    private static func index(
        of key: InstanceKey, in list: [BalancerConfiguration.Server]
    ) -> (index: Int, isThere: Bool) {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            let isBefore =
                list[middle].instance != key.instance
                ? list[middle].instance < key.instance : (list[middle].host ?? key.host) < key.host
            if isBefore { low = middle + 1 } else { high = middle }
        }
        let isThere = low < list.count && list[low].instance == key.instance && list[low].host == key.host
        return (low, isThere)
    }
}
