// SPDX-License-Identifier: Apache-2.0
//
// Resource limits and prctl. Limits that are enforced: open files, stack, address space, data, CPU time,
// processes, pending signals. The others are kept and told; what they would limit is not counted.
#include <linux/prctl.h>

#include "os/kernel/base/string.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

Status set_flag(bool& flag, uint64_t value) {
    if (value > 1) return -EINVAL;
    flag = value;
    return 0;
}

Status set_name(char (&name)[16], UserAddr from) {
    char text[16] = {};
    const Status s = copy_string_from_user(text, from, sizeof text);
    if (s < 0 && s != -ENAMETOOLONG) return s;
    text[15] = 0;
    memcpy(name, text, sizeof text);
    return 0;
}

}  // namespace

extern "C" {

long sys_prlimit64(int pid, unsigned resource, UserAddr wanted_at, UserAddr old) {
    struct rlimit64 wanted;
    if (wanted_at && get_user(wanted, wanted_at) < 0) return -EFAULT;
    Process* p = pid ? find_process(pid) : current_process();
    if (!p) return -ESRCH;
    if (resource >= RLIM_NLIMITS) return -EINVAL;
    struct rlimit64& limit = p->limits[resource];
    const struct rlimit64 before = limit;
    if (wanted_at) {
        if (wanted.rlim_cur > wanted.rlim_max) return -EINVAL;
        if (resource == RLIMIT_NOFILE && wanted.rlim_max > FileTable::capacity) return -EPERM;
        if (resource == RLIMIT_SIGPENDING && wanted.rlim_max > longest_signal_queue) return -EPERM;
        limit = wanted;
        if (resource == RLIMIT_STACK && p->space) p->space->stack_limit = wanted.rlim_cur;
    }
    return old ? put_user(old, before) : 0;
}
long sys_getrlimit(unsigned resource, UserAddr to) {
    return to || resource >= RLIM_NLIMITS ? sys_prlimit64(0, resource, 0, to) : -EFAULT;
}
long sys_setrlimit(unsigned resource, UserAddr from) {
    return from ? sys_prlimit64(0, resource, from, 0) : -EFAULT;
}

long sys_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    Process* p = current_process();
    switch (option) {
        case PR_SET_NAME:
            return set_name(p->name, a);
        case PR_GET_NAME:
            return copy_to_user(a, p->name, sizeof p->name);
        case PR_SET_PDEATHSIG:
            if (a > static_cast<uint64_t>(signal_count)) return -EINVAL;
            p->parent_death_signal = static_cast<int>(a);
            return 0;
        case PR_GET_PDEATHSIG:
            return put_user(a, p->parent_death_signal);
        case PR_SET_CHILD_SUBREAPER:
            p->subreaper = a != 0;
            return 0;
        case PR_GET_CHILD_SUBREAPER:
            return put_user(a, static_cast<int>(p->subreaper));
        case PR_GET_DUMPABLE:
            return p->not_dumpable ? 0 : 1;
        case PR_SET_DUMPABLE:
            return set_flag(p->not_dumpable, a <= 1 ? 1 - a : a);
        case PR_SET_NO_NEW_PRIVS:
            if (a != 1 || b || c || d) return -EINVAL;
            p->no_new_privileges = true;
            return 0;
        case PR_GET_NO_NEW_PRIVS:
            return a || b || c || d ? -EINVAL : p->no_new_privileges;
        case PR_GET_TIMERSLACK:
            return 50000;
        case PR_SET_TIMERSLACK:
            return 0;  // a hint: timers here have no slack
        case PR_GET_SECCOMP:
            return 0;
        case PR_GET_KEEPCAPS:
            return p->keeps_capabilities;
        case PR_SET_KEEPCAPS:
            return set_flag(p->keeps_capabilities, a);  // told, but nobody changes user
        case PR_CAPBSET_READ:
            return a <= 40 ? 1 : -EINVAL;
        default:
            return -EINVAL;
    }
}

// Only the personality of 64-bit Linux runs here; its flags are kept and told.
long sys_personality(uint32_t wanted) {
    Process* p = current_process();
    const uint32_t before = p->personality;
    if (wanted == 0xffffffff) return before;
    if (wanted & 0xff) return -EINVAL;
    p->personality = wanted;
    return before;
}
}

}  // namespace stile::os
