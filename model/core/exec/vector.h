// SPDX-License-Identifier: Apache-2.0
//
// What handlers of vector micro-ops share: access to registers by the numbers of isa/uop.h, and how SSE's
// floating-point exceptions are settled.
#pragma once

#include <cstring>

#include "isa/fp/sse_fp.h"
#include "model/core/exec/exec.h"

namespace stile::model {

inline Xmm& vec(Exec& x, unsigned reg) { return x.s.xmm[reg - isa::XMM0]; }

// Whole registers go through memory as 16 bytes: a host forwards a store to narrower loads, but not two
// stores to a wider load. So handlers on hot paths read what they need and write all of it.
typedef uint64_t Vec128 __attribute__((vector_size(16)));
[[gnu::always_inline]] inline Vec128 whole(Exec& x, unsigned reg) {
    Vec128 v;
    std::memcpy(&v, &vec(x, reg), sizeof v);
    return v;
}
[[gnu::always_inline]] inline void set_whole(Exec& x, unsigned reg, Vec128 v) {
    std::memcpy(static_cast<void*>(&vec(x, reg)), &v, sizeof v);
}

template <class T>
T lane(const Xmm& v, unsigned i) {
    T r;
    std::memcpy(&r, reinterpret_cast<const char*>(&v) + i * sizeof(T), sizeof(T));
    return r;
}
template <class T>
void set_lane(Xmm& v, unsigned i, T value) {
    std::memcpy(reinterpret_cast<char*>(&v) + i * sizeof(T), &value, sizeof(T));
}

// Whether a store of `bytes` at `at` would succeed, without an access that the timing model sees.
inline bool writable(Exec& x, const Uop* u, uint64_t at, unsigned bytes) {
    if (!aligned(x, u, at, bytes)) return false;
    uint8_t byte;
    const unsigned logged = x.log.n;
    const uint64_t second_page = (at + bytes - 1) & page_of_mask;
    const bool ok = read_memory(x, u, at, &byte, 1, true) &&
                    (second_page <= at || read_memory(x, u, second_page, &byte, 1, true));
    x.log.n = logged;
    return ok;
}

// Where maskmovdqu and maskmovq store; aux: 32-bit addresses.
inline uint64_t string_destination(const Exec& x, const Uop* u) {
    uint64_t base = x.s.r[isa::RDI];
    if (u->aux) base = static_cast<uint32_t>(base);
    if (u->seg == isa::SEG_FS) base += x.s.fs.base;
    if (u->seg == isa::SEG_GS) base += x.s.gs.base;
    return base;
}

inline constexpr uint64_t cr0_mp = 1 << 1, cr0_em = 1 << 2, cr0_ts = 1 << 3;
inline constexpr uint64_t cr4_osfxsr = 1 << 9, cr4_osxmmexcpt = 1 << 10;

// Notes in MXCSR what the operation raised; false if some of it is unmasked, and then nothing may be written.
// Exceptions that are found before computing keep the others from being noted (Intel SDM vol. 1, 11.5.4).
inline bool settle(Exec& x, const isa::fp::Env& env) {
    if (!(env.flags & ~env.masked)) {
        x.s.mxcsr |= env.flags;
        return true;
    }
    const unsigned before = env.flags & isa::fp::before_computation;
    x.s.mxcsr |= before & ~env.masked ? before : env.flags;
    return false;
}
inline Next raise_simd(Exec& x, const Uop* u) {
    return raise(x, u, x.s.cr4 & cr4_osxmmexcpt ? VEC_XM : VEC_UD);
}

}  // namespace stile::model
