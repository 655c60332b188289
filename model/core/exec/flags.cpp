// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/flags.h"

namespace stile::model {

namespace {

struct Parts {
    uint64_t result;  // left-justified: bit 63 is the sign
    uint8_t low;      // low byte of the result
    bool carry, overflow, adjust;
};

Parts parts(const LazyFlags& f) {
    const auto a = static_cast<uint64_t>(f.a), b = static_cast<uint64_t>(f.b);
    switch (f.kind) {
        case FlagKind::sub: {
            const uint64_t r = a - b;
            const bool negative = static_cast<int64_t>(r << f.shift) < 0;
            return {r << f.shift, static_cast<uint8_t>(r), a < b, negative != (f.a < f.b),
                    static_cast<bool>((a ^ b ^ r) & 16)};
        }
        case FlagKind::add: {
            const uint64_t r = a + b;
            return {r << f.shift, static_cast<uint8_t>(r), (r << f.shift) < (a << f.shift),
                    static_cast<int64_t>(((a ^ r) & (b ^ r)) << f.shift) < 0,
                    static_cast<bool>((a ^ b ^ r) & 16)};
        }
        case FlagKind::inc:
            return {a << f.shift, static_cast<uint8_t>(a), b != 0, a << f.shift == 1ull << 63, (a & 15) == 0};
        case FlagKind::dec:
            return {a << f.shift, static_cast<uint8_t>(a), b != 0, (a + 1) << f.shift == 1ull << 63,
                    (a & 15) == 15};
        case FlagKind::plain:
            break;
    }
    return {};
}

}  // namespace

uint32_t arithmetic_flags(const LazyFlags& f) {
    if (f.kind == FlagKind::plain) return static_cast<uint32_t>(f.a) & flag::arithmetic;
    const Parts p = parts(f);
    return (p.carry ? flag::CF : 0u) | (__builtin_parity(p.low) ? 0u : flag::PF) |
           (p.adjust ? flag::AF : 0u) | (p.result == 0 ? flag::ZF : 0u) |
           (static_cast<int64_t>(p.result) < 0 ? flag::SF : 0u) | (p.overflow ? flag::OF : 0u);
}

bool carry_flag_slow(const LazyFlags& f) {
    return f.kind == FlagKind::plain ? f.a & flag::CF : parts(f).carry;
}

bool condition_of(const LazyFlags& f, unsigned cc) { return condition_in(arithmetic_flags(f), cc); }

}  // namespace stile::model
