// SPDX-License-Identifier: Apache-2.0
//
// fork, vfork, clone: a new thread, in a new process or in this one.
#include <linux/sched.h>

#include "abi/marker.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

constexpr uint64_t for_a_thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
constexpr uint64_t known = for_a_thread | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID |
                           CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_SYSVSEM | CLONE_PARENT |
                           CLONE_PTRACE | CLONE_UNTRACED | CLONE_IO | CLONE_CLEAR_SIGHAND;

struct CloneArguments {
    uint64_t flags;
    int exit_signal;
    uint64_t stack = 0;
    UserAddr parent_tid = 0, child_tid = 0;
    uint64_t tls = 0;
};

void drop(Process* child) {
    process_set_program(child, nullptr);
    if (child->space) address_space_put(child->space);
    if (child->files) file_table_put(child->files);
    if (child->fs && --child->fs->refs == 0) {
        inode_put(child->fs->cwd);
        kdelete(child->fs);
    }
    if (child->handlers && --child->handlers->refs == 0) kdelete(child->handlers);
    if (child->parent) child->parent->children.remove(child);
    process_put(child);
}

bool share_or_copy(Process* parent, Process* child, uint64_t flags) {
    if (flags & CLONE_VM) {
        child->space = parent->space;
        child->space->refs++;
    } else {
        child->space = address_space_create();
        if (!child->space || parent->space->fork_into(*child->space) < 0) return false;
    }
    if (flags & CLONE_FILES) {
        child->files = parent->files;
        child->files->refs++;
    } else if (!(child->files = file_table_clone(*parent->files))) {
        return false;
    }
    if (flags & CLONE_FS) {
        child->fs = parent->fs;
        child->fs->refs++;
    } else {
        if (!(child->fs = knew<FsContext>(*parent->fs))) return false;
        child->fs->refs = 1;
        inode_get(child->fs->cwd);
    }
    if (flags & CLONE_SIGHAND) {
        child->handlers = parent->handlers;
        child->handlers->refs++;
    } else {
        if (!(child->handlers = knew<SignalHandlers>(*parent->handlers))) return false;
        child->handlers->refs = 1;
    }
    memcpy(child->name, parent->name, sizeof child->name);
    memcpy(child->exe, parent->exe, sizeof child->exe);
    process_set_program(child, parent->program);
    child->command_line = parent->command_line;
    if (child->command_line) child->command_line->refs++;
    return true;
}

Process* make_process(Process* parent, uint64_t flags, int exit_signal) {
    Process* child = process_create(parent);
    if (!child) return nullptr;
    if (!share_or_copy(parent, child, flags)) {
        drop(child);
        return nullptr;
    }
    if (flags & CLONE_CLEAR_SIGHAND) reset_handlers(child->handlers);
    child->exit_signal = exit_signal;
    if (flags & CLONE_PARENT) {
        parent->children.remove(child);
        child->parent = parent->parent;
        if (child->parent) child->parent->children.push_back(child);
        child->exit_signal = parent->exit_signal;
    }
    child->vforked = flags & CLONE_VFORK;
    return child;
}

bool too_many(const Process* parent) {
    const uint64_t limit = parent->limits[RLIMIT_NPROC].rlim_cur;
    if (limit == ~0ull) return false;
    uint64_t threads = 0;
    for (Process* p = next_process(nullptr); p; p = next_process(p)) threads += p->live_threads;
    return threads >= limit;
}

Status do_clone(const CloneArguments& a) {
    Thread* self = current();
    Process* parent = current_process();
    if (a.flags & ~known || a.exit_signal < 0 || a.exit_signal > signal_count) return -EINVAL;
    const bool thread = a.flags & CLONE_THREAD;
    if (thread && (a.flags & for_a_thread) != for_a_thread) return -EINVAL;
    if ((a.flags & CLONE_SIGHAND) && (!(a.flags & CLONE_VM) || (a.flags & CLONE_CLEAR_SIGHAND)))
        return -EINVAL;
    if ((a.flags & CLONE_PARENT) && parent->main) return -EINVAL;
    // In the child's table there are no domains: its code is everybody's.
    if (!(a.flags & CLONE_VM) && !dipc_acts_for_process(STILE_OS_CHECK_fork_caller)) return -EPERM;
    if (too_many(parent)) return -EAGAIN;

    Process* process = thread ? parent : make_process(parent, a.flags, a.exit_signal);
    if (!process) return -ENOMEM;
    Thread* t = thread_create(process);
    if (!t) {
        if (!thread) drop(process);
        return -ENOMEM;
    }
    t->tid = thread ? allocate_tid() : process->pid;
    *t->frame() = *self->frame();
    t->frame()->rax = 0;
    if (a.stack) t->frame()->rsp = a.stack;
    asm volatile("fxsave64 (%0)" : : "r"(t->fpu) : "memory");
    save_user_bases(self);
    t->fs_base = a.flags & CLONE_SETTLS ? a.tls : self->fs_base;
    t->gs_base = self->gs_base;
    if (cpu().has_keys) t->pkru = read_pkru();
    t->blocked = self->blocked;
    t->allowed = self->allowed;
    if (!self->reset_on_fork) {
        t->policy = self->policy;
        t->real_time = self->real_time;
    }
    if (!(a.flags & CLONE_VM) || (a.flags & CLONE_VFORK)) t->alt_stack = self->alt_stack;
    if (a.flags & CLONE_CHILD_CLEARTID) {
        t->clear_child_tid = a.child_tid;
        if (a.flags & CLONE_VM) t->clear_child_tid_domain = calling_domain();
    }
    if (a.flags & CLONE_PARENT_SETTID) put_user(a.parent_tid, t->tid);
    if (a.flags & CLONE_CHILD_SETTID) {
        // In shared memory with the caller's rights; what is the child's alone is not in CR3.
        if (a.flags & CLONE_VM)
            put_user(a.child_tid, t->tid);
        else if (user_range_ok(a.child_tid, sizeof t->tid) &&
                 dipc_may_change(*parent->space, a.child_tid, sizeof t->tid) == 0)  // it may be a shared page
            process->space->write_bytes(a.child_tid, &t->tid, sizeof t->tid);
    }
    thread_list_add(t);

    if (!thread) {
        STILE_MARK(STILE_MARK_K_FORK, parent->pid, process->pid, 0);
        if (parent->dipc_enabled) {
            if (const Status s = dipc_forked(parent, process); s < 0) {
                thread_list_remove(t);
                thread_put(t);
                drop(process);
                return s;
            }
        }
    } else if (process->dipc_enabled) {
        if (const Status s = dipc_thread_started(t, t->frame()); s < 0) {
            thread_list_remove(t);
            thread_put(t);
            return s;
        }
    }
    const int id = t->tid;
    if (a.flags & CLONE_VFORK) process_get(process);
    make_runnable(t);
    if (a.flags & CLONE_VFORK) {
        wait_until(
            process->vfork_wait, [&] { return !process->vforked; }, 0, false);
        process_put(process);
    }
    return id;
}

}  // namespace

extern "C" {
long sys_fork() { return do_clone({0, SIGCHLD}); }
long sys_vfork() { return do_clone({CLONE_VM | CLONE_VFORK, SIGCHLD}); }
long sys_clone(uint64_t flags, uint64_t stack, UserAddr parent_tid, UserAddr child_tid, uint64_t tls) {
    // CLONE_DETACHED has meant nothing for long, and C libraries still pass it.
    return do_clone({flags & ~static_cast<uint64_t>(CSIGNAL | CLONE_DETACHED),
                     static_cast<int>(flags & CSIGNAL), stack, parent_tid, child_tid, tls});
}

long sys_clone3(UserAddr at, size_t bytes) {
    struct clone_args a {};
    if (bytes > page_size) return -E2BIG;
    if (bytes < CLONE_ARGS_SIZE_VER0) return -EINVAL;
    if (copy_from_user(&a, at, min<size_t>(bytes, sizeof a)) < 0) return -EFAULT;
    for (size_t i = sizeof a; i < bytes; i++) {  // what a newer caller means by these is unknown
        uint8_t byte;
        if (get_user(byte, at + i) < 0) return -EFAULT;
        if (byte) return -E2BIG;
    }
    if (a.set_tid || a.set_tid_size || a.cgroup) return -EINVAL;  // nobody has namespaces here
    if (a.exit_signal > static_cast<uint64_t>(signal_count) || (a.flags & CSIGNAL)) return -EINVAL;
    if ((a.flags & (CLONE_THREAD | CLONE_PARENT)) && a.exit_signal) return -EINVAL;
    if (!a.stack != !a.stack_size) return -EINVAL;
    return do_clone({a.flags, static_cast<int>(a.exit_signal), a.stack ? a.stack + a.stack_size : 0,
                     a.parent_tid, a.child_tid, a.tls});
}
}

}  // namespace stile::os
