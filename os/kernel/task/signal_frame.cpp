// SPDX-License-Identifier: Apache-2.0
//
// What a handler finds on the stack: struct rt_sigframe of Linux x86-64 (return address, ucontext, siginfo)
// with the FXSAVE image above it; rt_sigreturn reads it back.
#include "os/kernel/task/signal_frame.h"

#include <asm/sigcontext.h>

#include "os/kernel/arch/keys_open.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

constexpr uint64_t sa_restorer = 0x04000000;
constexpr uint64_t uc_sigcontext_ss = 2, uc_strict_restore_ss = 4;

// UAPI's sigset_t is one word on x86-64.
struct UserContext {
    uint64_t uc_flags;
    uint64_t uc_link;
    uint64_t stack_base;
    int32_t stack_flags;
    int32_t pad;
    uint64_t stack_size;
    sigcontext_64 mcontext;
    SignalSet sigmask;
};
struct SignalFrame {
    uint64_t return_address;
    UserContext context;
    siginfo_t info;
};

constexpr uint64_t user_flags = 0x1 | 0x4 | 0x10 | 0x40 | 0x80 | flag_tf | flag_df | 0x800 | flag_ac;

void save_context(sigcontext_64& c, const TrapFrame& f) {
    c = {};
    c.r8 = f.r8, c.r9 = f.r9, c.r10 = f.r10, c.r11 = f.r11;
    c.r12 = f.r12, c.r13 = f.r13, c.r14 = f.r14, c.r15 = f.r15;
    c.di = f.rdi, c.si = f.rsi, c.bp = f.rbp, c.bx = f.rbx;
    c.dx = f.rdx, c.ax = f.rax, c.cx = f.rcx, c.sp = f.rsp;
    c.ip = f.rip, c.flags = f.rflags;
    c.cs = static_cast<uint16_t>(f.cs);
    c.ss = static_cast<uint16_t>(f.ss);
    c.oldmask = current()->blocked;
    if (current()->fault.vector != 0xff) {
        c.trapno = current()->fault.vector;
        c.err = current()->fault.error;
        c.cr2 = current()->fault.address;
    }
}

void load_context(TrapFrame& f, const sigcontext_64& c) {
    f.r8 = c.r8, f.r9 = c.r9, f.r10 = c.r10, f.r11 = c.r11;
    f.r12 = c.r12, f.r13 = c.r13, f.r14 = c.r14, f.r15 = c.r15;
    f.rdi = c.di, f.rsi = c.si, f.rbp = c.bp, f.rbx = c.bx;
    f.rdx = c.dx, f.rax = c.ax, f.rcx = c.cx, f.rsp = c.sp;
    f.rip = c.ip;
    f.rflags = (f.rflags & ~user_flags) | (c.flags & user_flags) | flag_if;
    f.vector = 0;  // not a system call any more: nothing to restart
}

}  // namespace

// System calls that slept and were interrupted return -EINTR; Linux restarts them unless the handler was set
// up without SA_RESTART. The number is kept in frame->error.
static bool interrupted(const TrapFrame* f) {
    return f->vector == frame_syscall && static_cast<int64_t>(f->rax) == -EINTR &&
           current()->restart != Restart::never;
}
static void restart(TrapFrame* f) {
    f->rax = f->error;
    f->rip -= 2;
    f->vector = 0;
    set_work(current(), work_full_return);
}

void restart_without_handler(TrapFrame* frame) {
    Thread* t = current();
    if (interrupted(frame)) {
        restart(frame);
        t->restart_deadline = t->deadline;
    }
    t->restart = Restart::never;
}

namespace {
// Where the frame went; 0: it could not be written.
uint64_t write_frame(const TrapFrame* frame, const SignalAction& action, const siginfo_t& info) {
    Thread* t = current();
    KeysOpen keys;
    uint64_t sp = frame->rsp - 128;  // the red zone of the interrupted function
    const SignalStack& alt = t->alt_stack;
    const bool on_alt = alt.contains(frame->rsp);
    const bool to_alt = (action.flags & SA_ONSTACK) && !(alt.flags & ss_disable) && !on_alt;
    if (to_alt)
        sp = alt.base + alt.size;
    else if (!dipc_handler_may_use(sp, action.domain))
        return 0;

    // Elsewhere with the rights of what was interrupted: its RSP may be anything.
    const InNameOf owner(to_alt ? alt.domain : 0);
    sp = align_down(sp - sizeof(FpuImage), 64);
    const uint64_t fpu_at = sp;
    asm volatile("fxsave64 (%0)" : : "r"(t->fpu) : "memory");
    if (copy_to_user(fpu_at, t->fpu, sizeof(FpuImage)) < 0) return 0;

    sp = align_down(sp - sizeof(SignalFrame), 16) - 8;  // as after a call: RSP + 8 is a multiple of 16
    if (on_alt && !alt.contains(sp)) return 0;          // overflown: what lies below is not ours to overwrite
    SignalFrame s{};
    if (!(action.flags & sa_restorer)) return 0;  // x86-64 has no other way back
    s.return_address = action.restorer;
    s.context.uc_flags = uc_sigcontext_ss | uc_strict_restore_ss;
    s.context.stack_base = alt.base;
    s.context.stack_flags = alt.flags;
    s.context.stack_size = alt.size;
    save_context(s.context.mcontext, *frame);
    s.context.mcontext.fpstate = fpu_at;
    s.context.mcontext.reserved1[0] = keys.kept();
    s.context.sigmask = t->restore_blocked ? t->saved_blocked : t->blocked;
    t->restore_blocked = false;
    s.info = info;
    if (copy_to_user(sp, &s, sizeof s) < 0) return 0;
    keys.leave_with(pkru_default);
    return sp;
}
}  // namespace

bool push_signal_frame(TrapFrame* frame, const SignalAction& action, const siginfo_t& info) {
    Thread* t = current();
    if (interrupted(frame) && t->restart == Restart::always && (action.flags & SA_RESTART)) restart(frame);
    t->restart_deadline = 0;
    if (frame->vector == frame_syscall) frame->vector = 0;

    const uint64_t sp = write_frame(frame, action, info);
    if (!sp) return false;
    if (t->alt_stack.flags & ss_autodisarm) t->alt_stack = {};
    dipc_enter_handler(sp, frame->rip, action.handler, action.domain);

    frame->rip = action.handler;
    frame->rsp = sp;
    frame->rdi = static_cast<uint64_t>(info.si_signo);
    frame->rsi = sp + offsetof(SignalFrame, info);
    frame->rdx = sp + offsetof(SignalFrame, context);
    frame->rax = 0;
    frame->rflags &= ~static_cast<uint64_t>(flag_df | flag_tf | flag_rf);
    return true;
}

extern "C" long sys_rt_sigreturn() {
    Thread* t = current();
    TrapFrame* f = t->frame();
    SignalFrame s;
    KeysOpen keys;
    if (copy_from_user(&s, f->rsp - 8, sizeof s) < 0 || s.context.mcontext.ip >= user_top) {
        die_of_signal(SIGSEGV);
    }
    const uint64_t frame_at = f->rsp - 8;
    load_context(*f, s.context.mcontext);
    keys.leave_with(KeysOpen::of_kept(s.context.mcontext.reserved1[0]));
    if (s.context.mcontext.fpstate) {
        if (copy_from_user(t->fpu, s.context.mcontext.fpstate, sizeof(FpuImage)) < 0) die_of_signal(SIGSEGV);
        t->fpu->bytes[26] = t->fpu->bytes[27] = 0;  // reserved MXCSR bits would fault in fxrstor
        asm volatile("fxrstor64 (%0)" : : "r"(t->fpu) : "memory");
    }
    t->blocked = s.context.sigmask & ~signals_unblockable;
    if (dipc_acts_for_process(STILE_OS_CHECK_signal_entry))
        t->alt_stack = {s.context.stack_base, s.context.stack_size, s.context.stack_flags, calling_domain()};
    dipc_leave_handler(frame_at, f->rip);
    signal_recompute(t);
    set_work(t, work_full_return);
    return static_cast<long>(f->rax);
}

}  // namespace stile::os
