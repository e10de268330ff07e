import Core
import Wire

/// The shape of a value on the wire, found out by letting its type decode itself from a decoder
/// that writes down what it is asked for. So the OpenAPI document can't drift from the types.
indirect enum Schema: Sendable {
    struct Property: Sendable {
        var name: String
        var schema: Schema
        var isRequired: Bool
    }

    case string(format: String?, pattern: String?)
    case choice([String])
    case integer
    case number
    case boolean
    case array(Schema)
    /// Such a value, or null.
    case nullable(Schema)
    /// Any keys, one kind of value.
    case map(Schema)
    case object(name: String, [Property])
    /// An object that is described where its name is first met: ends recursion.
    case reference(String)
    /// Any JSON.
    case anything(String)

    static func of(_ type: any Decodable.Type) -> Schema {
        var seen: Set<String> = []
        return SchemaRecorder.schema(of: type, seen: &seen)
    }

    /// Of an object; empty for anything else.
    var properties: [Property] {
        if case .object(_, let properties) = self { properties } else { [] }
    }
}

/// Types whose shape isn't found by decoding.
protocol SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema
}

extension Array: SchemaLeaf where Element: Decodable {
    static func leafSchema(seen: inout Set<String>) -> Schema {
        .array(SchemaRecorder.schema(of: Element.self, seen: &seen))
    }
}
extension Dictionary: SchemaLeaf where Value: Decodable {
    static func leafSchema(seen: inout Set<String>) -> Schema {
        .map(SchemaRecorder.schema(of: Value.self, seen: &seen))
    }
}
extension Set: SchemaLeaf where Element: Decodable {
    static func leafSchema(seen: inout Set<String>) -> Schema {
        .array(SchemaRecorder.schema(of: Element.self, seen: &seen))
    }
}
extension Instant: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .integer }
}
extension ByteCount: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .integer }
}
extension Interval: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .string(format: nil, pattern: "^[0-9]+(ms|s|m|h|d)$") }
}
extension Share: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .string(format: nil, pattern: "^[0-9]+%?$") }
}
extension Allowance: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .string(format: nil, pattern: "^[0-9]+%?$") }
}
extension Digest: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .string(format: nil, pattern: "^[0-9a-f]{64}$") }
}
extension InstanceID: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema {
        .string(format: nil, pattern: "^[a-z0-9-]+\\.[a-z0-9-]+\\.[0-9]+\\.r[0-9]+$")
    }
}
extension Optional: SchemaLeaf where Wrapped: Decodable {
    static func leafSchema(seen: inout Set<String>) -> Schema {
        .nullable(SchemaRecorder.schema(of: Wrapped.self, seen: &seen))
    }
}
extension Filter: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema { .string(format: nil, pattern: nil) }
}
extension FabricConfiguration: SchemaLeaf {
    static func leafSchema(seen: inout Set<String>) -> Schema {
        .anything("The resolved configuration, as `apus show --json` prints it.")
    }
}

/// Runs `init(from:)` of a type and writes down its keys.
final class SchemaRecorder: Decoder {
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    fileprivate var properties: [Schema.Property] = []
    fileprivate var seen: Set<String>

    private init(seen: Set<String>) { self.seen = seen }

    static func schema(of type: any Decodable.Type, seen: inout Set<String>) -> Schema {
        if let leaf = type as? any SchemaLeaf.Type { return leaf.leafSchema(seen: &seen) }
        if let name = type as? any Name.Type { return .string(format: nil, pattern: name.pattern) }
        if type is any Identifier.Type {
            return .string(format: nil, pattern: "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$")
        }
        if let choice = type as? any (CaseIterable & RawRepresentable).Type { return .choice(choices(choice)) }
        if let plain = plainSchema(of: type) { return plain }
        let name = String(reflecting: type).split(separator: ".").dropFirst().joined()
        guard seen.insert(name).inserted else { return .reference(name) }
        let recorder = SchemaRecorder(seen: seen)
        // The value itself is of no use; a type that refuses made-up values has been written down
        // as far as it asked.
        _ = try? type.init(from: recorder)
        seen = recorder.seen
        return .object(name: name, recorder.properties)
    }

    private static func choices<Choice: CaseIterable & RawRepresentable>(_ type: Choice.Type) -> [String] {
        Choice.allCases.map { "\($0.rawValue)" }
    }

    private static func plainSchema(of type: any Decodable.Type) -> Schema? {
        switch type {
        case is String.Type: .string(format: nil, pattern: nil)
        case is Bool.Type: .boolean
        case is Double.Type, is Float.Type: .number
        case is any FixedWidthInteger.Type: .integer
        default: nil
        }
    }

    /// Something of the type, to let decoding go on.
    fileprivate static func sample<Value: Decodable>(_ type: Value.Type, seen: inout Set<String>) throws -> Value {
        if let sample = plainSample(type) as? Value { return sample }
        let recorder = SchemaRecorder(seen: seen)
        return try type.init(from: recorder)
    }

    private static func plainSample(_ type: any Decodable.Type) -> Any? {
        switch type {
        case is String.Type: ""
        case is Bool.Type: false
        case is Double.Type: 0.0
        case let integer as any FixedWidthInteger.Type: integer.init(exactly: 1) as Any
        case let name as any Name.Type: name.init(checked: "x")
        case let identifier as any Identifier.Type: identifier.init(checked: "x")
        case is Instant.Type: Instant(milliseconds: 0)
        case is ByteCount.Type: ByteCount(bytes: 0)
        case is Interval.Type: Interval(milliseconds: 0)
        case is Digest.Type: Digest(bytes: [UInt8](repeating: 0, count: 32))
        case is InstanceID.Type:
            InstanceID(app: AppName(checked: "x"), process: ProcessName(checked: "x"), slot: 1, release: 1)
        case is Filter.Type: Filter.all
        case let choice as any CaseIterable.Type: first(choice)
        case let empty as any EmptyMakeable.Type: empty.init()
        default: nil
        }
    }

    private static func first<Choice: CaseIterable>(_ type: Choice.Type) -> Any? { Choice.allCases.first }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RecordingContainer<Key>(recorder: self))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Unrecordable() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Unrecordable() }
}

/// Collections can be made empty.
private protocol EmptyMakeable {
    init()
}
extension Array: EmptyMakeable {}
extension Dictionary: EmptyMakeable {}
extension Set: EmptyMakeable {}

private struct Unrecordable: Error {}

private struct RecordingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: SchemaRecorder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }
    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) throws -> Bool { true }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        record(type, key, isRequired: true)
        return try SchemaRecorder.sample(type, seen: &recorder.seen)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        record(type, key, isRequired: false)
        return nil
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { absent(type, key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { absent(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { absent(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { absent(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { absent(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { absent(type, key) }

    private func absent<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        record(type, key, isRequired: false)
        return nil
    }

    private func record(_ type: any Decodable.Type, _ key: Key, isRequired: Bool) {
        let schema = SchemaRecorder.schema(of: type, seen: &recorder.seen)
        recorder.properties.append(Schema.Property(name: key.stringValue, schema: schema, isRequired: isRequired))
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
        -> KeyedDecodingContainer<Nested>
    { throw Unrecordable() }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Unrecordable() }
    func superDecoder() throws -> any Decoder { throw Unrecordable() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw Unrecordable() }
}

extension Name {
    fileprivate static var pattern: String {
        allowsDots ? "^[a-z][a-z0-9]*([.-][a-z0-9]+)*$" : "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
    }
}
