import Glibc
import Synchronization
import Telemetry

/// statsd [INTERVAL-SECONDS]: a statsd on a free port of 127.0.0.1. Prints its port, runs until its standard
/// input ends, then prints a line of JSON: what it took in and the processor time of the process.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

var settings = StatsdSettings()
settings.interval = CommandLine.arguments.dropFirst().first.flatMap { Int64($0) } ?? 10
let sink = CountingSink()
let aggregator = StatsdAggregator(settings: settings, sink: sink, seed: .random(in: 0 ... .max))
let totals = Mutex(StatsdCounts())
nonisolated(unsafe) let flushing = aggregator
var endpoint = StatsdEndpoint()
endpoint.datagramPort = 0
endpoint.streamPort = 0
let listener = try StatsdListener(
    endpoint, intervalSeconds: settings.interval, seed: .random(in: 0 ... .max)
) { tally, end in
    do { try flushing.flush(tally, at: end) } catch { print("statsd: \(error)") }
    totals.withLock { $0 += tally.counts }
}
print("{\"port\": \(listener.datagramPort), \"receiveBufferBytes\": \(listener.receiveBufferBytes)}")
fflush(nil)
let before = cpuSeconds()
while readLine() != nil {}
listener.stop()
let counts = totals.withLock { $0 }
print(
    """
    {"packets": \(counts.packets), "packetsDropped": \(counts.packetsDropped), "lines": \(counts.lines), \
    "badLines": \(counts.badLines), "valuesLost": \(counts.valuesLost), "points": \(sink.pointsTaken), \
    "cpuSeconds": \(cpuSeconds() - before)}
    """)
