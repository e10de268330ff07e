/// What was answered, and how well.
package struct Traffic: Codable, Hashable, Sendable {
    package var requests: Int64
    /// Requests that got a 5xx, or no answer at all.
    package var failed: Int64
    /// Of the requests whose time is known: all, or a sample of them.
    package var latency: Latency

    package init(requests: Int64 = 0, failed: Int64 = 0, latency: Latency = Latency()) {
        self.requests = requests
        self.failed = failed
        self.latency = latency
    }

    package mutating func add(_ other: Traffic) {
        requests = requests.plus(other.requests)
        failed = failed.plus(other.failed)
        latency.add(other.latency)
    }

    /// What came since an earlier state of the same counters. Counters that began again from
    /// nothing meanwhile count from there.
    package func since(_ earlier: Traffic) -> Traffic {
        guard requests >= earlier.requests, failed >= earlier.failed else { return self }
        return Traffic(
            requests: requests - earlier.requests, failed: failed - earlier.failed,
            latency: latency.since(earlier.latency))
    }
}

extension Int64 {
    /// The sum, which stops at the largest number: what others count must not end the program.
    func plus(_ other: Int64) -> Int64 {
        let (sum, isTooMuch) = addingReportingOverflow(other)
        return isTooMuch ? .max : sum
    }
}

/// What a balancer has counted for one of its servers since the balancer was started.
package struct ServerTraffic: Codable, Hashable, Sendable {
    package var instance: InstanceID
    package var traffic: Traffic

    package init(instance: InstanceID, traffic: Traffic) {
        self.instance = instance
        self.traffic = traffic
    }
}
