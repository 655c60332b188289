// SPDX-License-Identifier: Apache-2.0
//
// Memory protection keys (Intel SDM vol. 3, 4.6.2; pkeys(7)), where CPUID has them. The hardware checks every
// access to a user page with the running thread's PKRU, the kernel's own ones as well, so a system call with
// a pointer that the caller may not follow ends in -EFAULT. PKRU belongs to the thread; which keys are
// allocated, to the address space; what is done when follows Linux (arch/x86/mm/pkeys.c).
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

struct VmArea;

inline constexpr int key_count = 16;
inline constexpr int any_key = -1;  // pkey_mprotect: as mprotect
inline constexpr uint32_t key_no_access = 1, key_no_write = 2;
// What programs and signal handlers start with: key 0's pages only.
inline constexpr uint32_t pkru_default = 0x55555554;

inline uint32_t read_pkru() {
    uint32_t value, zero;
    asm volatile("rdpkru" : "=a"(value), "=d"(zero) : "c"(0));
    return value;
}
inline void write_pkru(uint32_t value) { asm volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory"); }

inline uint32_t key_rights(uint32_t pkru, unsigned key) { return pkru >> 2 * key & 3; }
void set_key_rights(unsigned key, uint32_t rights);  // of the running thread

// Whether the running thread's PKRU forbids data accesses to an area. Asked where there are keys.
bool key_forbids(const VmArea& area, bool write);

struct KeySet {
    uint16_t allocated = 1;
    int8_t for_code = any_key;  // pages that may be executed only

    // The one for pages that may be executed only is not the program's to use.
    bool has(int key) const {
        return key >= 0 && key < key_count && key != for_code && (allocated >> key & 1);
    }
    int allocate();  // -1: none left
    bool release(int key);
    // The key of an area that may be executed only, whose contents the running thread cannot read; 0 where
    // there are no keys, or none left.
    uint8_t execute_only();
    // The key that an area has after mprotect or pkey_mprotect.
    uint8_t after_protect(const VmArea& area, int prot, int wanted);
};

}  // namespace stile::os
