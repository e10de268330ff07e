/// Memory that is only added to and freed as a whole, in slabs that do not move.
struct HeadArena: ~Copyable {
    /// A place in it, in units of eight bytes; 0 is none.
    typealias Handle = UInt32

    private static let slabUnits = 1 << 16
    private var slabs: [UnsafeMutableRawPointer] = []
    /// The first free unit.
    private var next = 1

    init() {}

    deinit { for slab in slabs { slab.deallocate() } }

    var footprint: Int { slabs.count * Self.slabUnits * 8 }

    /// Bytes that are aligned to eight and not set; at most 512 KiB less eight.
    mutating func allocate(_ bytes: Int) -> Handle {
        let units = (bytes + 7) / 8
        let free = Self.slabUnits - next % Self.slabUnits
        if units > free || slabs.count * Self.slabUnits <= next {
            if units > free { next += free }
            precondition(next + Self.slabUnits <= UInt32.max, "a head has more than 32 GiB")
            if slabs.count * Self.slabUnits <= next {
                slabs.append(.allocate(byteCount: Self.slabUnits * 8, alignment: 64))
            }
        }
        defer { next += units }
        return Handle(next)
    }

    @inline(__always) subscript(_ handle: Handle) -> UnsafeMutableRawPointer {
        slabs[Int(handle) / Self.slabUnits] + Int(handle) % Self.slabUnits * 8
    }
}
