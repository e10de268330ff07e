/// Members of an object, with their values as they stand.
struct JSONMembers {
    /// Names are without the resolution of escapes.
    var list: [(key: ByteView, value: ByteView)] = []

    /// Of two the last counts.
    func value(of key: StaticString) -> ByteView? { list.last { $0.key.equals(key) }?.value }
}

extension JSONCursor {
    /// Members that are looked at; an object with more is broken.
    private static let membersMax = 4096

    /// The members of the object in front; nil if there is none, or it is broken.
    mutating func members() -> JSONMembers? {
        skipBlanks()
        guard take(0x7B) else { return nil }
        var members = JSONMembers()
        skipBlanks()
        if take(0x7D) { return members }
        repeat {
            skipBlanks()
            guard members.list.count < Self.membersMax, let (key, _) = rawString() else { return nil }
            skipBlanks()
            guard take(0x3A), let value = skipValue() else { return nil }
            members.list.append((key, value))
            skipBlanks()
        } while take(0x2C)
        return take(0x7D) ? members : nil
    }
}

/// The elements of a list, one by one.
struct JSONItems {
    private var cursor: JSONCursor
    private var isAtEnd = false
    /// Whether it is no list, or one without an end.
    private(set) var isBroken = false

    init(_ list: ByteView) {
        cursor = JSONCursor(list)
        cursor.skipBlanks()
        guard cursor.take(0x5B) else {
            isBroken = true
            isAtEnd = true
            return
        }
        cursor.skipBlanks()
        isAtEnd = cursor.take(0x5D)
    }

    mutating func next() -> ByteView? {
        guard !isAtEnd else { return nil }
        guard let value = cursor.skipValue() else { return broken() }
        cursor.skipBlanks()
        if cursor.take(0x5D) { isAtEnd = true } else if !cursor.take(0x2C) { return broken() }
        return value
    }

    private mutating func broken() -> ByteView? {
        isBroken = true
        isAtEnd = true
        return nil
    }
}
