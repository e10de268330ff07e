/// Makes figures of one instance, of its processes and of its control group where it has one, reading after
/// reading. What the group knows counts: it has the time of processes that have ended, and memory once.
package struct InstanceCollector: Sendable {
    private var processes: ProcessCollector
    private var group = CgroupCollector()

    package init(ticksPerSecond: Int = 100, pageBytes: Int = 4096) {
        processes = ProcessCollector(ticksPerSecond: ticksPerSecond, pageBytes: pageBytes)
    }

    /// - Parameters:
    ///   - descriptors: how many all processes have open together, nil if it is not known.
    ///   - files: of the group; empty without one.
    package mutating func receive(
        _ stats: [ProcessStat], descriptors: Int?, group files: [(file: CgroupCollector.File, bytes: [UInt8])],
        at seconds: Double
    ) -> [HostFigure] {
        var figures = processes.receive(stats, descriptors: descriptors, at: seconds)
        for (file, bytes) in files {
            for figure in group.receive(file, bytes, at: seconds) {
                if let place = figures.firstIndex(where: { $0.name == figure.name }) {
                    figures[place] = figure
                } else {
                    figures.append(figure)
                }
            }
        }
        return figures
    }
}
