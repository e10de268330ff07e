/// An address that the control plane is about to call because somebody's configuration says so.
///
/// What answers on this machine, on its link, or as a cloud's metadata service trusts whoever
/// reaches it: a webhook must not reach it in the control plane's name. Networks: IANA's registries
/// of special-purpose addresses (RFC 6890); metadata services as the clouds document them.
package struct OutgoingAddress: Hashable, Sendable {
    package enum Standing: Hashable, Sendable {
        case usable
        case loopback
        /// Never called: what it is, for people.
        case refused(String)
    }

    /// 4 of them, or 16.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package var standing: Standing {
        switch bytes.count {
        case 4: Self.standing(v4: bytes)
        case 16: Self.standing(v6: bytes)
        default: .refused("no address")
        }
    }

    private static func standing(v4 bytes: [UInt8]) -> Standing {
        if [[169, 254, 169, 254], [100, 100, 100, 200], [168, 63, 129, 16]].contains(bytes) {
            return .refused("a cloud's metadata service")
        }
        switch (bytes[0], bytes[1], bytes[2]) {
        case (127, _, _): return .loopback
        case (0, _, _): return .refused("this network")
        case (169, 254, _): return .refused("link-local")
        case (192, 0, 0): return .refused("reserved for protocols")
        case (224...239, _, _): return .refused("multicast")
        case (240..., _, _): return .refused("reserved")
        default: return .usable
        }
    }

    private static func standing(v6 bytes: [UInt8]) -> Standing {
        func begins(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
        let zeros = [UInt8](repeating: 0, count: 12)
        if bytes == zeros + [0, 0, 0, 1] { return .loopback }
        // IPv4 in IPv6: mapped, compatible (with `::`), translated, 6to4.
        if begins(zeros.dropLast(2) + [0xFF, 0xFF]) || begins(zeros)
            || begins([0, 0x64, 0xFF, 0x9B] + zeros.dropFirst(4))
        {
            return standing(v4: Array(bytes.suffix(4)))
        }
        if begins([0x20, 0x02]) { return standing(v4: Array(bytes[2..<6])) }
        if begins([0, 0x64, 0xFF, 0x9B, 0, 1]) { return .refused("translated locally") }
        if begins([0x20, 0x01, 0, 0]) { return .refused("a Teredo tunnel") }
        if begins([0xFD, 0, 0x0E, 0xC2]) || begins([0xFD, 0x20, 0, 0xCE]) {
            return .refused("a cloud's metadata service")
        }
        if bytes[0] == 0xFE { return .refused("link-local") }
        if bytes[0] == 0xFF { return .refused("multicast") }
        return .usable
    }
}
