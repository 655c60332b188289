// SPDX-License-Identifier: Apache-2.0
//
// Table-driven CRC-32 (one table look-up per byte) and Adler-32 over a buffer that fits the first-level
// cache.
#include "bench/guests/bench.h"

static uint32_t table[256];
static uint8_t buffer[16384];

int main(int argc, char** argv) {
    uint64_t seed = 88172645463325252u;
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (unsigned i = 0; i < sizeof buffer; ++i) buffer[i] = (uint8_t)random_next(&seed);

    uint32_t crc = 0;
    uint32_t low = 1, high = 0;
    for (long n = rounds(argc, argv, 1600); n > 0; --n) {
        crc = ~crc;
        for (unsigned i = 0; i < sizeof buffer; ++i) crc = table[(crc ^ buffer[i]) & 255] ^ crc >> 8;
        crc = ~crc;
        for (unsigned i = 0; i < sizeof buffer;) {
            for (const unsigned end = i + 4096; i < end; ++i) high += low += buffer[i];
            low %= 65521;
            high %= 65521;
        }
        buffer[n % sizeof buffer] ^= (uint8_t)crc;
    }
    return report("checksum", (uint64_t)crc << 32 | high << 16 | low);
}
