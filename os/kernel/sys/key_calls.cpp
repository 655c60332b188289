// SPDX-License-Identifier: Apache-2.0
//
// pkey_alloc, pkey_free; pkey_mprotect is with mprotect. Without protection keys the answers are those of a
// Linux with CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS on a processor that lacks them.
#include "os/kernel/sys/syscalls.h"

namespace stile::os {

extern "C" {

long sys_pkey_alloc(uint64_t flags, uint64_t rights) {
    if (flags || rights & ~static_cast<uint64_t>(key_no_access | key_no_write)) return -EINVAL;
    if (!cpu().has_keys) return -EINVAL;
    const int key = current_process()->space->keys.allocate();
    if (key < 0) return -ENOSPC;
    set_key_rights(static_cast<unsigned>(key), static_cast<uint32_t>(rights));
    return key;
}

long sys_pkey_free(int key) {
    return cpu().has_keys && current_process()->space->keys.release(key) ? 0 : -EINVAL;
}
}

}  // namespace stile::os
