import Core

/// Prints a line of JSON for each figure: `{"name": …, "instances": …, "milliseconds": …}`.
///
/// `scale [INSTANCES…] [FIGURE…]`: of 1,000, 10,000 and 100,000 instances, and all figures, unless told.
let arguments = CommandLine.arguments.dropFirst()
let sizes = arguments.compactMap { Int($0) }
let wanted = Set(arguments.filter { Int($0) == nil })

for size in sizes.isEmpty ? [1000, 10_000, 100_000] : sizes {
    let figures = ScaleFigures(ScaleFabric(instances: size), wanted: wanted)
    try figures.measure()
}
