import Telemetry

/// A split-block Bloom filter of the words of a block. Source: Apache Parquet, "Bloom filter" (split block Bloom
/// filters); Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters".
///
/// A word sets a bit in each of the eight 32-bit parts of one bucket. Fifteen buckets and their checksum are a page,
/// the least that is read, so that a damaged filter hides no lines.
enum WordFilter {
    static let bucketBytes = 32
    static let bucketsOfPage = 15
    static let pageBytes = bucketsOfPage * bucketBytes + 4
    /// One word in a hundred that is not there seems to be.
    static let bitsOfWord = 10
    private static let salts: [UInt32] = [
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947, 0x5C6B_FB31,
    ]

    static func buckets(words: Int) -> Int { max(1, (words * bitsOfWord + 255) / 256) }

    static func bytes(buckets: Int) -> Int {
        buckets * bucketBytes + (buckets + bucketsOfPage - 1) / bucketsOfPage * 4
    }

    @inline(__always)
    private static func bucket(_ hash: UInt64, of buckets: Int) -> Int {
        Int(truncatingIfNeeded: ((hash &>> 32) &* UInt64(truncatingIfNeeded: buckets)) &>> 32)
    }

    static func make(_ words: borrowing WordSet) -> (bytes: [UInt8], buckets: Int) {
        let buckets = buckets(words: words.count)
        var filter = [UInt32](repeating: 0, count: buckets * 8)
        filter.withUnsafeMutableBufferPointer { filter in
            salts.withUnsafeBufferPointer { salts in
                words.forEach { hash in
                    let start = bucket(hash, of: buckets) &* 8
                    let key = UInt32(truncatingIfNeeded: hash)
                    for part in 0..<8 { filter[start &+ part] |= 1 &<< ((key &* salts[part]) &>> 27) }
                }
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.bytes(buckets: buckets))
        filter.withUnsafeBytes { raw in
            for start in stride(from: 0, to: raw.count, by: bucketsOfPage * bucketBytes) {
                let page = UnsafeRawBufferPointer(
                    rebasing: raw[start..<min(raw.count, start + bucketsOfPage * bucketBytes)])
                bytes.append(contentsOf: page)
                bytes.append(fixed: Checksum.of(page))
            }
        }
        return (bytes, buckets)
    }

    /// Where the page of a word is within a filter, and where its bucket is within the page.
    static func place(of hash: UInt64, buckets: Int) -> (page: Range<Int>, bucket: Int) {
        let bucket = bucket(hash, of: buckets)
        let page = bucket / bucketsOfPage
        let held = min(bucketsOfPage, buckets - page * bucketsOfPage)
        let start = page * pageBytes
        return (start..<start + held * bucketBytes + 4, (bucket - page * bucketsOfPage) * bucketBytes)
    }

    /// Whether the word may be there; nil if the page is damaged.
    static func mayHold(_ hash: UInt64, page: UnsafeRawBufferPointer, bucket: Int) -> Bool? {
        let data = UnsafeRawBufferPointer(rebasing: page[..<(page.count - 4)])
        guard page.loadUnaligned(fromByteOffset: data.count, as: UInt32.self).littleEndian == Checksum.of(data)
        else { return nil }
        let key = UInt32(truncatingIfNeeded: hash)
        for part in 0..<8 {
            let word = data.loadUnaligned(fromByteOffset: bucket + part * 4, as: UInt32.self).littleEndian
            if word >> ((key &* salts[part]) >> 27) & 1 == 0 { return false }
        }
        return true
    }
}

/// Distinct hashes of words, which are odd: zero is an empty slot.
struct WordSet: ~Copyable {
    private var slots = Growing<UInt64>(capacity: 1 << 12)
    private var mask = (1 << 12) - 1
    private(set) var count = 0

    init() { slots.fill(0, count: 1 << 12) }

    @inline(__always)
    mutating func insert(_ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash &>> 8) & mask
        while true {
            let found = slots[slot]
            if found == hash { return }
            if found == 0 { break }
            slot = (slot &+ 1) & mask
        }
        slots[slot] = hash
        count &+= 1
        if count &* 2 > mask { grow() }
    }

    mutating func removeAll() {
        count = 0
        slots.fill(0, count: mask + 1)
    }

    borrowing func forEach(_ body: (UInt64) -> Void) {
        for index in 0...mask where slots[index] != 0 { body(slots[index]) }
    }

    private mutating func grow() {
        var old = Growing<UInt64>(capacity: count)
        forEach { old.append($0) }
        mask = mask * 2 + 1
        slots.fill(0, count: mask + 1)
        for index in 0..<old.count {
            var slot = Int(truncatingIfNeeded: old[index] &>> 8) & mask
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = old[index]
        }
    }
}
