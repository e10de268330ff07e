import Core
import SystemPackage

/// Switches a link between two folders, as an agent switches `current` between two releases, and
/// prints a line of JSON: milliseconds of the switch itself, and with waiting for the disk.
///
/// Its argument is the folder to do it in.
let switches = 5000
let root = FilePath(CommandLine.arguments.dropFirst().first ?? "/tmp")
let folder = root.appending("apus-switch-\(UInt32.random(in: 0 ... .max))")
for name in ["releases/one", "releases/two"] { try Disk.makeFolder(folder.appending(name)) }
let link = folder.appending("current")
let clock = ContinuousClock()
var alone: [Double] = []
var durable: [Double] = []
for number in 0..<switches {
    let target = number.isMultiple(of: 2) ? "releases/one" : "releases/two"
    let begun = clock.now
    try Disk.switchLink(link, to: target)
    alone.append(begun.duration(to: clock.now) / .milliseconds(1))
    // The disk takes far longer, and every tenth says as much.
    guard number.isMultiple(of: 10) else { continue }
    try Disk.synchronize(folder)
    durable.append(begun.duration(to: clock.now) / .milliseconds(1))
}
try Disk.remove(folder)

func quantile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
print(
    "{\"switches\":\(switches),\"p50\":\(quantile(alone, 0.5)),\"p99\":\(quantile(alone, 0.99)),"
        + "\"max\":\(quantile(alone, 1)),\"durableP99\":\(quantile(durable, 0.99))}")
