package import Core
package import FoundationEssentials

/// A key whose value is the JSON of a type.
package struct TypedKey<Value: Codable & Sendable>: Hashable, Sendable {
    package let key: StateKey
    package init(_ key: StateKey) { self.key = key }
    package init(_ text: String) throws(Problem) { key = try StateKey(text) }
}

/// A value with the revision that it was read at, for the comparison of the next write.
package struct Versioned<Value: Sendable>: Sendable {
    package var value: Value
    package var modRevision: Int64
}

extension Versioned: Equatable where Value: Equatable {}

/// JSON with sorted keys: one value has one text, so hashes of it can be compared.
package enum StateJSON {
    package static func encode(_ value: some Encodable) throws(Problem) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(value)
        } catch {
            throw Problem(
                "state.value-invalid", "A value cannot be written as JSON.", cause: "\(error)",
                remedy: "This is a fault of Apus: report it with the value.")
        }
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data, at key: StateKey) throws(Problem)
        -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw Problem(
                "state.value-unreadable", "A value of the state store cannot be read.",
                cause: "\(key) holds something else than \(type): \(error)",
                remedy: "Run the version of Apus that wrote it, or restore the state from a backup.")
        }
    }
}

extension StateStore {
    package func get(_ key: StateKey) async throws(Problem) -> StateEntry? {
        try await range(.only(key), limit: 1).entries.first
    }

    package func get<Value>(_ key: TypedKey<Value>) async throws(Problem) -> Versioned<Value>? {
        guard let entry = try await get(key.key) else { return nil }
        return Versioned(
            value: try StateJSON.decode(Value.self, from: entry.value, at: key.key), modRevision: entry.modRevision)
    }

    package func get<Value: Codable & Sendable>(_ key: StateKey, as type: Value.Type) async throws(Problem) -> Value? {
        try await get(TypedKey<Value>(key))?.value
    }

    /// Every value of a range, in the order of the keys.
    package func values<Value: Codable & Sendable>(
        _ range: KeyRange, as type: Value.Type, limit: Int? = nil
    ) async throws(Problem) -> [Value] {
        var values: [Value] = []
        for entry in try await self.range(range, limit: limit).entries {
            values.append(try StateJSON.decode(type, from: entry.value, at: entry.key))
        }
        return values
    }

    /// Puts without a comparison.
    @discardableResult
    package func put<Value>(_ key: TypedKey<Value>, _ value: Value, lease: LeaseID? = nil) async throws(Problem)
        -> Int64
    {
        try await transact(StateTransaction(success: [.put(key.key, StateJSON.encode(value), lease: lease)])).revision
    }

    /// Puts if the key is still as it was read (nil: not there).
    /// - Returns: whether it was put.
    package func replace<Value>(
        _ key: TypedKey<Value>, readAt modRevision: Int64?, with value: Value
    ) async throws(Problem) -> Bool {
        let comparison: Comparison = modRevision.map { .modRevision(key.key, $0) } ?? .absent(key.key)
        return try await transact(
            StateTransaction(compare: [comparison], success: [.put(key.key, StateJSON.encode(value))])
        ).succeeded
    }

    /// Changes a value by reading, computing and comparing, again until nobody came between.
    /// - Parameter change: gets what is there, and answers what should be; nil leaves it as it is.
    /// - Returns: what is there afterwards.
    @discardableResult
    package func update<Value>(
        _ key: TypedKey<Value>, _ change: @Sendable (Value?) throws(Problem) -> Value?
    ) async throws(Problem) -> Value? {
        for _ in 0..<attemptsMax {
            let found = try await get(key)
            guard let value = try change(found?.value) else { return found?.value }
            if try await replace(key, readAt: found?.modRevision, with: value) { return value }
        }
        throw Problem(
            "state.contended", "A value could not be changed.",
            cause: "Others changed \(key.key) between each of \(attemptsMax) attempts.", remedy: "Try again.")
    }

    @discardableResult
    package func delete(_ key: StateKey) async throws(Problem) -> Bool {
        try await transact(StateTransaction(success: [.delete(key)])).deleted > 0
    }
}

private let attemptsMax = 50
