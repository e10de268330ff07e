/// Reads Python's pickles as far as carbon's clients need it: a list of `(path, (time, value))`.
///
/// A pickle is a program. This machine knows lists, tuples, texts and numbers and nothing that could make or
/// call anything; whatever else is in a pickle, it is refused whole. It never holds more than there can be in
/// a megabyte. Source: Python, Lib/pickletools.py (protocols 0 to 4).
struct CarbonPickle {
    /// The longest body, in bytes, as carbon has it.
    static let bytesMax = 1 << 20
    /// The most things on the stack, in the memo and in the list: a point takes eight bytes at least.
    private static let thingsMax = bytesMax / 8

    struct Point: Hashable {
        /// Where in the body the name is.
        var name: Range<Int>
        var time: Double
        var value: Double
    }

    private enum Thing {
        case mark
        case list
        case text(Range<Int>)
        case number(Double)
        case pair(time: Double, value: Double)
        case point(Point)
        /// A value that is no number.
        case other
    }

    private struct Refused: Error {}

    private let body: UnsafeRawBufferPointer
    private var at = 0
    private var stack: [Thing] = []
    private var memo: [Int: Thing] = [:]
    private var points: [Point] = []

    private init(_ body: UnsafeRawBufferPointer) { self.body = body }

    /// The points of a body; nil if it is anything else.
    static func points(_ body: UnsafeRawBufferPointer) -> [Point]? {
        var machine = CarbonPickle(body)
        return try? machine.run()
    }

    private mutating func run() throws(Refused) -> [Point] {
        while true {
            let code = try byte()
            if code == UInt8(ascii: ".") { break }
            try step(code)
            guard stack.count <= Self.thingsMax, memo.count <= Self.thingsMax, points.count <= Self.thingsMax else {
                throw Refused()
            }
        }
        guard stack.count == 1, case .list = stack[0], at == body.count else { throw Refused() }
        return points
    }

    private mutating func step(_ code: UInt8) throws(Refused) {
        switch code {
        case UInt8(ascii: "("): stack.append(.mark)
        case UInt8(ascii: "]"): stack.append(.list)
        case UInt8(ascii: "l"):
            try keep(try popToMark())
            stack.append(.list)
        case UInt8(ascii: "a"): try keep([try pop()][...])
        case UInt8(ascii: "e"): try keep(try popToMark())
        case UInt8(ascii: "t"): try tuple(try popToMark())
        case 0x86:
            guard stack.count >= 2 else { throw Refused() }
            let two = stack.suffix(2)
            stack.removeLast(2)
            try tuple(two)
        case UInt8(ascii: "N"), 0x88, 0x89: stack.append(.other)
        case 0x80: _ = try take(1)
        case 0x95: _ = try take(8)
        default:
            if try number(code) { return }
            if try text(code) { return }
            guard try remember(code) else { throw Refused() }
        }
    }

    private mutating func number(_ code: UInt8) throws(Refused) -> Bool {
        switch code {
        case UInt8(ascii: "I"), UInt8(ascii: "F"): stack.append(.number(try number(try line())))
        case UInt8(ascii: "L"):
            let text = try line()
            let isLong = text.last.map { body[$0] == UInt8(ascii: "L") } ?? false
            stack.append(.number(try number(isLong ? text.dropLast() : text)))
        case UInt8(ascii: "K"): stack.append(.number(Double(try unsigned(1))))
        case UInt8(ascii: "M"): stack.append(.number(Double(try unsigned(2))))
        case UInt8(ascii: "J"): stack.append(.number(Double(Int32(truncatingIfNeeded: try unsigned(4)))))
        case UInt8(ascii: "G"):
            let bits = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64(body[$1]) }
            stack.append(.number(Double(bitPattern: bits)))
        case 0x8A:
            let count = Int(try unsigned(1))
            guard count <= 8 else { throw Refused() }
            let bits = UInt64(count * 8)
            let number = try unsigned(count)
            let isNegative = count > 0 && number >> (bits - 1) == 1
            stack.append(.number(Double(Int64(bitPattern: isNegative && count < 8 ? number | ~0 << bits : number))))
        default: return false
        }
        return true
    }

    private mutating func text(_ code: UInt8) throws(Refused) -> Bool {
        switch code {
        case UInt8(ascii: "S"):
            let quoted = try line()
            guard quoted.count >= 2, body[quoted.lowerBound] == body[quoted.upperBound - 1],
                [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(body[quoted.lowerBound])
            else { throw Refused() }
            stack.append(.text(quoted.dropFirst().dropLast()))
        case UInt8(ascii: "V"): stack.append(.text(try line()))
        case UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8C: stack.append(.text(try take(Int(try unsigned(1)))))
        case UInt8(ascii: "T"), UInt8(ascii: "B"), UInt8(ascii: "X"):
            stack.append(.text(try take(Int(try unsigned(4)))))
        case 0x8D:
            let count = try unsigned(8)
            guard count <= UInt64(Self.bytesMax) else { throw Refused() }
            stack.append(.text(try take(Int(count))))
        default: return false
        }
        return true
    }

    private mutating func remember(_ code: UInt8) throws(Refused) -> Bool {
        switch code {
        case UInt8(ascii: "p"): memo[try index()] = try top()
        case UInt8(ascii: "q"): memo[Int(try unsigned(1))] = try top()
        case UInt8(ascii: "r"): memo[Int(try unsigned(4))] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "g"): try recall(try index())
        case UInt8(ascii: "h"): try recall(Int(try unsigned(1)))
        case UInt8(ascii: "j"): try recall(Int(try unsigned(4)))
        default: return false
        }
        return true
    }

    private mutating func recall(_ index: Int) throws(Refused) {
        guard let thing = memo[index] else { throw Refused() }
        stack.append(thing)
    }

    /// Two numbers are a time and a value, a text and those are a point.
    private mutating func tuple(_ things: ArraySlice<Thing>) throws(Refused) {
        guard things.count == 2, let first = things.first, let second = things.last else { throw Refused() }
        switch (first, second) {
        case (.text(let name), .pair(let time, let value)):
            stack.append(.point(Point(name: name, time: time, value: value)))
        case (.text(let name), .other): stack.append(.point(Point(name: name, time: -1, value: .nan)))
        default:
            // Some clients send numbers as texts.
            guard let time = number(of: first) else { throw Refused() }
            stack.append(.pair(time: time, value: number(of: second) ?? .nan))
        }
    }

    private func number(of thing: Thing) -> Double? {
        switch thing {
        case .number(let number): number
        case .text(let text): try? number(text)
        default: nil
        }
    }

    private mutating func keep(_ things: ArraySlice<Thing>) throws(Refused) {
        for thing in things {
            guard case .point(let point) = thing else { throw Refused() }
            points.append(point)
        }
    }

    private func top() throws(Refused) -> Thing {
        guard let thing = stack.last else { throw Refused() }
        return thing
    }

    private mutating func pop() throws(Refused) -> Thing {
        guard let thing = stack.popLast() else { throw Refused() }
        return thing
    }

    private mutating func popToMark() throws(Refused) -> ArraySlice<Thing> {
        let mark = stack.lastIndex { thing in
            if case .mark = thing { return true }
            return false
        }
        guard let mark else { throw Refused() }
        let things = stack[(mark + 1)...]
        stack.removeSubrange(mark...)
        return things
    }

    private mutating func byte() throws(Refused) -> UInt8 {
        guard at < body.count else { throw Refused() }
        defer { at += 1 }
        return body[at]
    }

    private mutating func take(_ count: Int) throws(Refused) -> Range<Int> {
        guard count <= body.count - at else { throw Refused() }
        defer { at += count }
        return at..<at + count
    }

    /// A whole number, lowest byte first.
    private mutating func unsigned(_ count: Int) throws(Refused) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64(body[$1]) }
    }

    private mutating func line() throws(Refused) -> Range<Int> {
        guard let newline = body[at...].firstIndex(of: ASCII.newline) else { throw Refused() }
        defer { at = newline + 1 }
        return at..<newline
    }

    private mutating func index() throws(Refused) -> Int {
        let number = try number(try line())
        guard number >= 0, number < Double(UInt32.max) else { throw Refused() }
        return Int(number)
    }

    /// A number that is written out.
    private func number(_ text: Range<Int>) throws(Refused) -> Double {
        guard let start = body.baseAddress,
            let number = DecimalNumber.parse(start + text.lowerBound, start + text.upperBound)
        else { throw Refused() }
        return number
    }
}
