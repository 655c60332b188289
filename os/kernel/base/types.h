// SPDX-License-Identifier: Apache-2.0
//
// The few words that every file of the kernel uses.
#pragma once

#include <asm/errno.h>
#include <stddef.h>
#include <stdint.h>

namespace stile::os {

// What a system call returns: a result that is not negative, or -errno.
using Status = long;

// An address in user space. Never dereferenced: only copied from and to (arch/usercopy.h).
using UserAddr = uint64_t;

inline constexpr uint64_t page_shift = 12;
inline constexpr uint64_t page_size = 1ull << page_shift;
inline constexpr uint64_t user_top = 0x7ffffffff000ull;  // as Linux: the last canonical page stays unmapped

constexpr uint64_t align_down(uint64_t v, uint64_t a) { return v & ~(a - 1); }
constexpr uint64_t align_up(uint64_t v, uint64_t a) { return (v + a - 1) & ~(a - 1); }
template <class T>
constexpr T min(T a, T b) {
    return a < b ? a : b;
}
template <class T>
constexpr T max(T a, T b) {
    return a < b ? b : a;
}

// The structure that contains `member`, from a pointer to the member.
#define STILE_CONTAINER_OF(ptr, type, member) \
    (reinterpret_cast<type*>(reinterpret_cast<char*>(ptr) - __builtin_offsetof(type, member)))

}  // namespace stile::os
