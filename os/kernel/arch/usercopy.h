// SPDX-License-Identifier: Apache-2.0
//
// The only ways to user memory. The hardware checks every one of these accesses: page rights as ever, and on
// a machine with domains the rights of the code that made the system call (abi/codoms.h, transfer latch). A
// fault that the fault handlers cannot mend ends the copy through the exception table (arch/usercopy.S).
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

extern "C" {
// Bytes NOT copied; 0 is success. No check of the range: use the wrappers below.
size_t user_copy_in_raw(void* to, UserAddr from, size_t n);
size_t user_copy_out_raw(UserAddr to, const void* from, size_t n);
size_t user_clear_raw(UserAddr to, size_t n);
long user_compare_exchange_raw(UserAddr at, uint32_t expected, uint32_t desired, uint32_t* found);
// Length without the NUL, or -EFAULT; -ENAMETOOLONG when no NUL within size.
long user_string_in_raw(char* to, UserAddr from, size_t size);
}

constexpr bool user_range_ok(UserAddr a, size_t n) { return a <= user_top && n <= user_top - a; }

// Bytes not copied.
inline size_t user_copy_in(void* to, UserAddr from, size_t n) {
    return user_range_ok(from, n) ? user_copy_in_raw(to, from, n) : n;
}
inline size_t user_copy_out(UserAddr to, const void* from, size_t n) {
    return user_range_ok(to, n) ? user_copy_out_raw(to, from, n) : n;
}
inline size_t user_clear(UserAddr to, size_t n) { return user_range_ok(to, n) ? user_clear_raw(to, n) : n; }

// All or -EFAULT.
inline Status copy_from_user(void* to, UserAddr from, size_t n) {
    return user_copy_in(to, from, n) ? -EFAULT : 0;
}
inline Status copy_to_user(UserAddr to, const void* from, size_t n) {
    return user_copy_out(to, from, n) ? -EFAULT : 0;
}
template <class T>
Status get_user(T& to, UserAddr from) {
    return copy_from_user(&to, from, sizeof(T));
}
template <class T>
Status put_user(UserAddr to, const T& value) {
    return copy_to_user(to, &value, sizeof(T));
}
// Replaces the word by change(word), at once as user mode on other CPUs sees it; `old` is what was there.
template <class F>
Status update_user(UserAddr at, uint32_t& old, F change) {
    if (!user_range_ok(at, 4)) return -EFAULT;
    if (const Status s = get_user(old, at); s < 0) return s;
    for (;;) {
        uint32_t found;
        if (user_compare_exchange_raw(at, old, change(old), &found) < 0) return -EFAULT;
        if (found == old) return 0;
        old = found;
    }
}
inline Status copy_string_from_user(char* to, UserAddr from, size_t size) {
    return user_range_ok(from, 1) ? user_string_in_raw(to, from, size) : -EFAULT;
}

}  // namespace stile::os
