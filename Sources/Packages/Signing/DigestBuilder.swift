package import Core
import Crypto

/// SHA-256 of bytes that come in chunks.
package struct DigestBuilder {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    package func finish() -> Core.Digest { Core.Digest(bytes: hash.finalize()) }
}
