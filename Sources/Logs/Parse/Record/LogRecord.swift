/// The line that is being parsed. Its texts are views of the input and of `scratch`: nothing is copied before the line
/// is put into a batch.
package struct LogRecord: ~Copyable {
    /// Fields of a line; those beyond are left out and counted in `lost_fields`.
    package static let fieldsMax = 512

    package struct Field {
        /// Of the builder's names; `LogRecord.removed`: of nothing.
        package var name: UInt32
        package var value: ByteView
    }

    static let removed = UInt32.max

    private struct Place {
        var serial: UInt32
        var index: UInt32
    }

    /// Nanoseconds since 1970, in UTC.
    package var time: Int64 = 0
    /// When it came, in the same.
    package private(set) var now: Int64 = 0
    package var stream: UInt32 = 0
    package var level = LogLevel.none
    package var message = ByteView.empty
    /// Whether a step has said that the line is not kept.
    package var isDropped = false
    /// Whether the time is the line's own.
    package var hasTime = false
    package var scratch = ByteArena()

    /// With removed ones among them.
    package private(set) var fieldCount = 0
    private let fields: UnsafeMutablePointer<Field>
    private(set) var lostFields = 0
    /// By number of the name: where the name is in the line of that serial.
    private var places: UnsafeMutablePointer<Place>
    private var placeCount = 256
    private var serial: UInt32 = 0

    init() {
        fields = .allocate(capacity: Self.fieldsMax)
        places = .allocate(capacity: placeCount)
        places.initialize(repeating: Place(serial: 0, index: 0), count: placeCount)
    }

    deinit {
        fields.deallocate()
        places.deallocate()
    }

    /// Begins another line.
    @inline(__always)
    mutating func begin(_ line: ByteView, stream: UInt32, now: Int64) {
        serial &+= 1
        if serial == 0 { forgetPlaces() }
        scratch.reset()
        fieldCount = 0
        lostFields = 0
        self.stream = stream
        self.now = now
        time = now
        level = .none
        message = line
        isDropped = false
        hasTime = false
    }

    private mutating func forgetPlaces() {
        places.update(repeating: Place(serial: 0, index: 0), count: placeCount)
        serial = 1
    }

    package func field(_ index: Int) -> Field { fields[index] }

    /// A field's value; nil if the line has none of that name.
    @inline(__always)
    package func value(_ name: UInt32) -> ByteView? {
        guard Int(name) < placeCount, places[Int(name)].serial == serial else { return nil }
        return fields[Int(places[Int(name)].index)].value
    }

    /// Sets a field. The value must live until the line is finished.
    @inline(__always)
    package mutating func set(_ name: UInt32, _ value: ByteView) {
        if Int(name) >= placeCount { growPlaces(for: name) }
        let place = places[Int(name)]
        if place.serial == serial {
            fields[Int(place.index)].value = value
            return
        }
        guard fieldCount < Self.fieldsMax else {
            lostFields += 1
            return
        }
        (fields + fieldCount).initialize(to: Field(name: name, value: value))
        places[Int(name)] = Place(serial: serial, index: UInt32(truncatingIfNeeded: fieldCount))
        fieldCount &+= 1
    }

    package mutating func remove(_ name: UInt32) {
        guard Int(name) < placeCount, places[Int(name)].serial == serial else { return }
        fields[Int(places[Int(name)].index)].name = Self.removed
        places[Int(name)].serial = serial &- 1
    }

    /// Takes fields back that came after there were `count`.
    mutating func rollBack(to count: Int) {
        while fieldCount > count {
            fieldCount -= 1
            let name = fields[fieldCount].name
            if name != Self.removed { places[Int(name)].serial = serial &- 1 }
        }
    }

    mutating func setTime(_ time: Int64) {
        self.time = time
        hasTime = true
    }

    /// Sets the value of the field at an index.
    mutating func setValue(at index: Int, _ value: ByteView) { fields[index].value = value }

    @inline(never)
    private mutating func growPlaces(for name: UInt32) {
        let count = max(placeCount * 2, (Int(name) + 1).nextPowerOfTwo)
        let grown = UnsafeMutablePointer<Place>.allocate(capacity: count)
        grown.moveInitialize(from: places, count: placeCount)
        (grown + placeCount).initialize(repeating: Place(serial: 0, index: 0), count: count - placeCount)
        places.deallocate()
        places = grown
        placeCount = count
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
