// SPDX-License-Identifier: Apache-2.0
//
// Floating-point values at which arithmetic goes wrong first, as bits: zeros, ones, denormals, the edges of
// the formats and of conversions, infinities, NaNs.
#pragma once

#include <cstdint>

namespace stile::test {

inline constexpr uint32_t single_edges[] = {
    0,          0x80000000, 0x3f800000, 0xbf800000, 1,          0x80000001, 0x007fffff,
    0x807fffff, 0x00800000, 0x00800001, 0x80800000, 0x7f7fffff, 0xff7fffff, 0x7f800000,
    0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffbfffff, 0x7fc12345, 0x4f000000,
    0xcf000000, 0x4effffff, 0x3f000000, 0x3f800001, 0x40000000, 0x00400000, 0x3effffff,
    0x4b000001, 0x33800000, 0x5f000000, 0xdf000000, 0x7e800000, 0x0c000000};
inline constexpr uint64_t double_edges[] = {0,
                                            1ull << 63,
                                            0x3ff0000000000000,
                                            0xbff0000000000000,
                                            1,
                                            0x8000000000000001,
                                            0x000fffffffffffff,
                                            0x0010000000000000,
                                            0x0010000000000001,
                                            0x8010000000000000,
                                            0x7fefffffffffffff,
                                            0xffefffffffffffff,
                                            0x7ff0000000000000,
                                            0xfff0000000000000,
                                            0x7ff8000000000000,
                                            0xfff8000000000000,
                                            0x7ff0000000000001,
                                            0xfff7ffffffffffff,
                                            0x7ff8123456789abc,
                                            0x41e0000000000000,
                                            0xc1e0000000000000,
                                            0x41dfffffffe00000,
                                            0x41dfffffffc00000,
                                            0xc1e0000000200000,
                                            0x43e0000000000000,
                                            0xc3e0000000000000,
                                            0x3fe0000000000000,
                                            0x3ff0000000000001,
                                            0x4000000000000000,
                                            0x47efffffe0000000,
                                            0x47efffffefffffff,
                                            0x47effffff0000000,
                                            0x36a0000000000000,
                                            0x3690000000000000,
                                            0x3690000000000001,
                                            0x380fffffffffffff,
                                            0x3810000000000000,
                                            0x0008000000000000,
                                            0x4340000000000001,
                                            0x3fdfffffffffffff};
inline constexpr uint16_t extended_exponents[] = {0,      0,      1,      0x3fff, 0x3ffe, 0x4000, 0x7ffe,
                                                  0x7fff, 0x7fff, 0x403e, 0x403d, 0x3c01, 0x43fe, 0x3f81,
                                                  0x407e, 0x3bcc, 0x3c00, 0x3f6a, 0x401e, 0x400e};
inline constexpr uint64_t extended_significands[] = {
    1ull << 63,         3ull << 62,        ~0ull, (1ull << 63) + 1, 0xfffffffffffff800, 0xfffffffffffffc00,
    0xffffff8000000000, 0xa000000000000000};

}  // namespace stile::test
