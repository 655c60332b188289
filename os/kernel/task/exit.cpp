// SPDX-License-Identifier: Apache-2.0
//
// The end of threads and processes, and wait(2).
#include <linux/wait.h>

#include "abi/marker.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/fs/archive.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/futex.h"
#include "os/kernel/task/posix_timer.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

void release_resources(Process* p) {
    p->alarm.cancel();
    posix_timers_clear(p);
    p->signal_wait.drop_all();
    if (p->dipc_enabled || p->dipc) dipc_process_exited(p);
    if (p->files) file_table_put(p->files);
    p->files = nullptr;
    if (p->fs && --p->fs->refs == 0) {
        inode_put(p->fs->cwd);
        kdelete(p->fs);
    }
    p->fs = nullptr;
    if (p->space) address_space_put(p->space);
    p->space = nullptr;
    if (--p->handlers->refs == 0) kdelete(p->handlers);
    p->handlers = nullptr;
    signals_discard(p->pending);
    process_set_program(p, nullptr);
}

void reap(Process* p) {
    if (p->parent) {
        p->parent->child_cpu_tsc += p->cpu_tsc + p->child_cpu_tsc;
        p->parent->children.remove(p);
    }
    p->parent = nullptr;
    process_put(p);
}

// Its parent may wait for it, or has said that it will not.
void tell_parent(Process* p) {
    const SignalAction& a = p->parent->handlers->action[SIGCHLD];
    const bool ignored = p->exit_signal == SIGCHLD &&
                         (a.handler == reinterpret_cast<uint64_t>(SIG_IGN) || (a.flags & SA_NOCLDWAIT));
    const int signal = p->exit_status & 0x7f;
    notify_parent(p, signal ? CLD_KILLED : CLD_EXITED, signal ? signal : p->exit_status >> 8 & 0xff);
    if (ignored) reap(p);
}

// Orphans go to the nearest ancestor that has asked for them (PR_SET_CHILD_SUBREAPER), else they belong to
// the kernel, which asks for no status.
void give_up_children(Process* p) {
    Process* heir = p->parent;
    while (heir && (!heir->subreaper || heir->exiting)) heir = heir->parent;
    while (Process* c = p->children.front()) {
        p->children.remove(c);
        c->parent = heir;
        if (heir) {
            c->exit_signal = SIGCHLD;
            heir->children.push_back(c);
        }
        if (c->zombie) {
            if (heir)
                tell_parent(c);
            else
                process_put(c);
        } else if (c->parent_death_signal) {
            send_signal(c, c->parent_death_signal, nullptr);
        }
    }
}

void process_ended(Process* p) {
    STILE_MARK(STILE_MARK_K_EXIT, p->pid, p->exit_status, 0);
    if (p->main) {
        archive_kept_files();
        power_off(static_cast<unsigned>(p->exit_status));
    }
    give_up_children(p);
    release_resources(p);
    p->zombie = true;
    if (p->vforked) {
        p->vforked = false;
        p->vfork_wait.wake_all();
    }
    if (p->parent)
        tell_parent(p);
    else
        process_put(p);
}

}  // namespace

void exit_thread(int code) {
    Thread* t = current();
    Process* p = t->process;
    if (!p) {
        t->state = ThreadState::dead;
        thread_list_remove(t);
        schedule();
    }
    if (t->cd_state) dipc_thread_exited(t);
    release_robust_list(t);
    if (t->clear_child_tid && (p->live_threads > 1 || p->space->refs > 1)) {
        const int zero = 0;
        const InNameOf owner(t->clear_child_tid_domain);
        put_user(t->clear_child_tid, zero);
        futex_wake(t->clear_child_tid, 1, ~0u);
    }
    p->cpu_tsc += t->cpu_tsc + (read_tsc() - t->switched_in);
    thread_list_remove(t);
    if (p->live_threads == 0) {
        if (!p->exiting) p->exit_status = (code & 0xff) << 8;
        p->exiting = true;
        process_ended(p);
    } else {
        p->child_wait.wake_all();  // an execve may wait for this thread to go
    }
    t->process = nullptr;
    t->acting_for = &t->process;
    t->state = ThreadState::dead;
    schedule();
    panic("a dead thread ran");
}

void kill_process(Process* p, int status) {
    if (!p->exiting) {
        p->exiting = true;
        p->exit_status = status;
    }
    for (Thread* t = p->first_thread; t; t = t->sibling) {
        set_work(t, work_signal);
        if (t != current()) wake_for_signal(t);
    }
}

void exit_process(int status) {
    kill_process(current()->process, status);
    exit_thread(0);
}

namespace {

bool matches(const Process* caller, const Process* child, long id) {
    if (id == -1) return true;
    if (id > 0) return child->pid == id;
    return child->pgid == (id == 0 ? caller->pgid : -id);
}

struct Waited {
    int pid = 0, code = 0, value = 0;  // CLD_*; exit code or signal
    uint64_t cpu_tsc = 0;

    int status() const {  // as wait4 gives it
        switch (code) {
            case CLD_EXITED:
                return value << 8;
            case CLD_STOPPED:
                return value << 8 | 0x7f;
            case CLD_CONTINUED:
                return 0xffff;
            default:
                return value;
        }
    }
};

// Has the child something to tell under these options? Takes it, unless WNOWAIT.
bool changed(Process& c, int options, Waited& out) {
    if (c.zombie && (options & WEXITED)) {
        const int signal = c.exit_status & 0x7f;
        out = {c.pid, signal ? CLD_KILLED : CLD_EXITED, signal ? signal : c.exit_status >> 8 & 0xff,
               c.cpu_tsc + c.child_cpu_tsc};
        if (!(options & WNOWAIT)) reap(&c);
        return true;
    }
    const bool stopped = c.report == WaitReport::stopped && c.stopped && (options & WSTOPPED);
    const bool continued = c.report == WaitReport::continued && (options & WCONTINUED);
    if (c.zombie || !(stopped || continued)) return false;
    out = {c.pid, stopped ? CLD_STOPPED : CLD_CONTINUED, stopped ? c.stop_signal : SIGCONT,
           c.cpu_tsc + c.child_cpu_tsc};
    if (!(options & WNOWAIT)) c.report = WaitReport::none;
    return true;
}

// 0 with out.pid = 0 under WNOHANG when nothing has changed yet.
Status wait_for_child(long id, int options, Waited& out) {
    Process* p = current_process();
    // Children made by clone with another end signal than SIGCHLD are waited for with __WCLONE or __WALL
    // only.
    const auto eligible = [&](const Process& c) {
        if (!(options & __WALL) && (c.exit_signal != SIGCHLD) != !!(options & __WCLONE)) return false;
        return matches(p, &c, id);
    };
    bool any;
    const auto look = [&] {
        any = false;
        for (Process& c : p->children) {
            if (!eligible(c)) continue;
            any |= !c.zombie || (options & WEXITED);  // who has ended neither stops nor continues
            if (changed(c, options, out)) return true;
        }
        return false;
    };
    if (look()) return 0;
    if (!any) return -ECHILD;
    if (options & WNOHANG) return 0;
    const Status s = wait_until(p->child_wait, [&] { return look() || !any; });
    return s < 0 ? s : any ? 0 : -ECHILD;
}

Status wait_for_id(int type, int id, int options, Waited& w) {
    if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WALL | __WCLONE | __WNOTHREAD))
        return -EINVAL;
    if (!(options & (WEXITED | WSTOPPED | WCONTINUED))) return -EINVAL;
    if (type == P_PIDFD && id >= 0) return -EBADF;  // no descriptor stands for a process
    if (type != P_ALL && type != P_PID && type != P_PGID) return -EINVAL;
    if ((type == P_PID && id <= 0) || (type == P_PGID && id < 0)) return -EINVAL;
    const long which = type == P_ALL ? -1 : type == P_PID ? id : -static_cast<long>(id);
    return wait_for_child(which, options, w);
}

void fill_usage(struct rusage& u, uint64_t tsc) {
    const uint64_t us = tsc_to_ns(tsc) / 1000;
    u.ru_utime.tv_sec = static_cast<long>(us / 1000000);
    u.ru_utime.tv_usec = static_cast<long>(us % 1000000);
}

}  // namespace

extern "C" {

long sys_exit(int code) {
    if (dipc_leave_visit(false, 0)) return 0;
    exit_thread(code);
}
long sys_exit_group(int code) {
    const int status = (code & 0xff) << 8;
    if (dipc_leave_visit(true, status)) return 0;
    exit_process(status);
}

long sys_wait4(int pid, UserAddr status, int options, UserAddr usage) {
    if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WALL | __WCLONE | __WNOTHREAD)) return -EINVAL;
    if (pid == -0x7fffffff - 1) return -ESRCH;
    Waited w;
    if (const Status s = wait_for_child(pid, options | WEXITED, w); s < 0) return s;
    if (w.pid && status && put_user(status, w.status()) < 0) return -EFAULT;
    if (w.pid && usage) {
        struct rusage u {};
        fill_usage(u, w.cpu_tsc);
        if (put_user(usage, u) < 0) return -EFAULT;
    }
    return w.pid;
}

long sys_waitid(int type, int id, UserAddr info_at, int options, UserAddr usage) {
    Waited w;
    const Status s = wait_for_id(type, id, options, w);
    if (s >= 0 && w.pid && usage) {
        struct rusage u {};
        fill_usage(u, w.cpu_tsc);
        if (put_user(usage, u) < 0) return -EFAULT;
    }
    if (!info_at) return s;
    // As Linux: cleared where there is nothing to tell, failed calls among that; the padding stays.
    struct {
        int32_t signal, error, code, pad, pid, uid, status;
    } info{};
    if (s >= 0 && w.pid) info = {SIGCHLD, 0, w.code, 0, w.pid, 0, w.value};
    if (copy_to_user(info_at, &info, 12) < 0 || copy_to_user(info_at + 16, &info.pid, 12) < 0) return -EFAULT;
    return s;
}

long sys_getrusage(int who, UserAddr to) {
    struct rusage u {};
    const Process* p = current_process();
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != 1 /* RUSAGE_THREAD */) return -EINVAL;
    fill_usage(u, who == RUSAGE_CHILDREN
                      ? p->child_cpu_tsc
                      : p->cpu_tsc + current()->cpu_tsc + read_tsc() - current()->switched_in);
    return put_user(to, u);
}
}

}  // namespace stile::os
