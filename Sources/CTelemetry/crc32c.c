#include "include/ctelemetry.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HARDWARE __attribute__((target("sse4.2")))
#define HAS_HARDWARE() __builtin_cpu_supports("sse4.2")
#define STEP8(crc, word) ((uint32_t)_mm_crc32_u64(crc, word))
#define STEP1(crc, byte) _mm_crc32_u8(crc, byte)
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define HARDWARE
#define HAS_HARDWARE() 1
#define STEP8(crc, word) __crc32cd(crc, word)
#define STEP1(crc, byte) __crc32cb(crc, byte)
#endif

#ifdef HARDWARE
HARDWARE static uint32_t with_hardware(uint32_t crc, const uint8_t *bytes, size_t size) {
    for (; size >= 8; size -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = STEP8(crc, word);
    }
    for (; size > 0; size--) crc = STEP1(crc, *bytes++);
    return crc;
}
#endif

// A nibble at a time: small, and only for processors without the instruction.
static uint32_t with_table(uint32_t crc, const uint8_t *bytes, size_t size) {
    static const uint32_t table[16] = {
        0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D,
        0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9, 0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75,
    };
    for (; size > 0; size--) {
        crc ^= *bytes++;
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return crc;
}

uint32_t ctelemetry_crc32c(uint32_t crc, const void *data, size_t size) {
    crc = ~crc;
#ifdef HARDWARE
    if (HAS_HARDWARE()) return ~with_hardware(crc, data, size);
#endif
    return ~with_table(crc, data, size);
}
