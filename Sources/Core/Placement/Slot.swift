/// One place for an instance, whatever its release.
package struct Slot: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var app: AppName
    package var process: ProcessName
    package var number: Int

    package init(app: AppName, process: ProcessName, number: Int) {
        self.app = app
        self.process = process
        self.number = number
    }

    package init(_ id: InstanceID) { self.init(app: id.app, process: id.process, number: id.slot) }
    package var description: String { "\(app).\(process).\(number)" }
    package static func < (left: Slot, right: Slot) -> Bool {
        (left.app, left.process, left.number) < (right.app, right.process, right.number)
    }
}
