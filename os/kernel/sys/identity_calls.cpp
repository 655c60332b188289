// SPDX-License-Identifier: Apache-2.0
//
// Users, groups, capabilities, sessions and process groups. There is one user, root, as in a Linux user
// namespace that maps only that one: other numbers are EINVAL there, and so they are here.
#include <linux/capability.h>

#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

constexpr unsigned unchanged = ~0u;
Status only_root(unsigned id) { return id == 0 ? 0 : -EINVAL; }
Status only_root_or_unchanged(unsigned id) { return id == 0 || id == unchanged ? 0 : -EINVAL; }

Status three_ids(UserAddr a, UserAddr b, UserAddr c) {
    const unsigned root = 0;
    const UserAddr places[] = {a, b, c};
    for (const UserAddr at : places)
        if (put_user(at, root) < 0) return -EFAULT;
    return 0;
}

// What root in a container usually has (CAP_CHOWN ... CAP_SETFCAP without clocks, networks, the machine).
constexpr uint64_t capabilities = 0xa80425fb;

Status capability_version(UserAddr header_at, __user_cap_header_struct& header, unsigned& words) {
    if (get_user(header.version, header_at) < 0) return -EFAULT;
    words = header.version == _LINUX_CAPABILITY_VERSION_1 ? 1 : 2;
    if (header.version == _LINUX_CAPABILITY_VERSION_1 || header.version == _LINUX_CAPABILITY_VERSION_2 ||
        header.version == _LINUX_CAPABILITY_VERSION_3)
        return get_user(header, header_at) < 0 ? -EFAULT : header.pid < 0 ? -EINVAL : 0;
    header.version = _LINUX_CAPABILITY_VERSION_3;
    return put_user(header_at, header.version) < 0 ? -EFAULT : -EINVAL;
}

bool in_session(int group, int session) {
    for (const Process* p = next_process(nullptr); p; p = next_process(const_cast<Process*>(p)))
        if (p->pgid == group && p->sid == session) return true;
    return false;
}

}  // namespace

extern "C" {

long sys_getuid() { return 0; }
long sys_getgid() { return 0; }
long sys_geteuid() { return 0; }
long sys_getegid() { return 0; }
long sys_setuid(unsigned id) { return only_root(id); }
long sys_setgid(unsigned id) { return only_root(id); }
long sys_setreuid(unsigned a, unsigned b) {
    return only_root_or_unchanged(a) < 0 ? -EINVAL : only_root_or_unchanged(b);
}
long sys_setregid(unsigned a, unsigned b) { return sys_setreuid(a, b); }
long sys_setresuid(unsigned a, unsigned b, unsigned c) {
    return sys_setreuid(a, b) < 0 ? -EINVAL : only_root_or_unchanged(c);
}
long sys_setresgid(unsigned a, unsigned b, unsigned c) { return sys_setresuid(a, b, c); }
long sys_getresuid(UserAddr a, UserAddr b, UserAddr c) { return three_ids(a, b, c); }
long sys_getresgid(UserAddr a, UserAddr b, UserAddr c) { return three_ids(a, b, c); }
// The previous value, whatever is asked for: that is how it reports failure.
long sys_setfsuid() { return 0; }
long sys_setfsgid() { return 0; }
long sys_getgroups(int size) { return size < 0 ? -EINVAL : 0; }
long sys_setgroups(int size) { return size ? -EINVAL : 0; }

long sys_capget(UserAddr header_at, UserAddr data_at) {
    __user_cap_header_struct header;
    unsigned words;
    const Status s = capability_version(header_at, header, words);
    if (s < 0) return s == -EINVAL && !data_at ? 0 : s;  // a question for the version only
    if (header.pid && !find_process(header.pid)) return -ESRCH;
    __user_cap_data_struct data[2] = {};
    data[0].effective = data[0].permitted = static_cast<uint32_t>(capabilities);
    return data_at ? copy_to_user(data_at, data, words * sizeof *data) : 0;
}

// Capabilities are there or not; none can be given up, as nothing checks them.
long sys_capset(UserAddr header_at, UserAddr data_at) {
    __user_cap_header_struct header;
    __user_cap_data_struct data[2] = {};
    unsigned words;
    if (const Status s = capability_version(header_at, header, words); s < 0) return s;
    if (header.pid && header.pid != current_process()->pid) return -EPERM;
    if (copy_from_user(data, data_at, words * sizeof *data) < 0) return -EFAULT;
    return data[0].effective == capabilities && data[0].permitted == capabilities ? 0 : -EPERM;
}

long sys_getpgrp() { return current_process()->pgid; }
long sys_getpgid(int pid) {
    const Process* p = pid ? find_process(pid) : current_process();
    return p ? p->pgid : -ESRCH;
}
long sys_getsid(int pid) {
    const Process* p = pid ? find_process(pid) : current_process();
    return p ? p->sid : -ESRCH;
}

long sys_setpgid(int pid, int group) {
    Process* self = current_process();
    Process* p = pid ? find_process(pid) : self;
    if (group < 0) return -EINVAL;
    if (!p || (p != self && p->parent != self)) return -ESRCH;
    if (p != self && p->sid != self->sid) return -EPERM;
    if (p != self && p->has_executed) return -EACCES;
    if (p->sid == p->pid) return -EPERM;
    if (group && group != p->pid && !in_session(group, self->sid)) return -EPERM;
    p->pgid = group ? group : p->pid;
    return 0;
}
long sys_setsid() {
    Process* p = current_process();
    for (const Process* q = next_process(nullptr); q; q = next_process(const_cast<Process*>(q)))
        if (q->pgid == p->pid) return -EPERM;
    return p->sid = p->pgid = p->pid;
}
}

}  // namespace stile::os
