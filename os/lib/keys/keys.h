/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory protection keys by the kernel's interface. Results are the kernel's: -errno on failure.
 */
#ifndef STILE_OS_LIB_KEYS_KEYS_H
#define STILE_OS_LIB_KEYS_KEYS_H

#include <cpuid.h>
#include <errno.h>
#include <sys/syscall.h>

#include "os/lib/stile.h"

/* The processor has them and the kernel uses them (OSPKE). */
static inline int stile_has_keys(void) {
    unsigned a, b, c = 0, d;
    const unsigned ospke = 1 << 4;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & ospke);
}

/* Gates name keys in immediate operands, so that the next key to be had must be this one: -EBUSY if not. */
static inline long stile_key_allocate(long wanted) {
    const long key = stile_syscall3(SYS_pkey_alloc, 0, 0, 0);
    return key < 0 || key == wanted ? key : -EBUSY;
}

/* The pages that hold these bytes get the key. */
static inline long stile_key_give(void* from, size_t bytes, int prot, long key) {
    return stile_syscall6(SYS_pkey_mprotect, (long)from, (long)((bytes + 4095) & ~(size_t)4095), prot, key, 0,
                          0);
}

#endif
