// SPDX-License-Identifier: Apache-2.0
//
// Numbers without a handler of their own.
#include "abi/marker.h"
#include "os/kernel/arch/big_lock.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/task/thread.h"

namespace stile::os {

extern "C" {

long sys_unknown() {
    STILE_MARK(STILE_MARK_K_ENOSYS, current()->frame()->error, 0, 0);
    return -ENOSYS;
}

// Known to be absent, and programs know how to do without: not worth a line in the statistics.
long sys_absent() { return -ENOSYS; }

long syscall_extension(TrapFrame* f) {
    big_lock();
    if (f->error < 1024 || f->error >= 2048) return sys_unknown();
    const uint64_t arguments[6] = {f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9};
    return dipc_syscall(f->error, arguments);
}
}

}  // namespace stile::os
