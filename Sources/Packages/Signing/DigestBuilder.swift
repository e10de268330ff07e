import Core
import Crypto

/// SHA-256 of bytes that come in chunks.
struct DigestBuilder {
    private var hash = SHA256()

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    func finish() -> Core.Digest { Core.Digest(bytes: hash.finalize()) }
}
