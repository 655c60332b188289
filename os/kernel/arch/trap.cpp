// SPDX-License-Identifier: Apache-2.0
//
// What to do about each exception and interrupt.
#include "os/kernel/arch/trap.h"

#include <asm/siginfo.h>

#include "abi/codoms.h"
#include "abi/marker.h"
#include "os/kernel/arch/apic.h"
#include "os/kernel/arch/big_lock.h"
#include "os/kernel/base/phase.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/shootdown.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

struct ExceptionEntry {
    uint64_t at, to;
};
extern "C" const ExceptionEntry __ex_table_start[], __ex_table_end[];

[[noreturn]] void die(const TrapFrame* f, const char* what) {
    printk("rip %016lx rsp %016lx rflags %lx cr2 %016lx\n", f->rip, f->rsp, f->rflags, read_cr2());
    printk("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    printk("rsi %016lx rdi %016lx rbp %016lx r8 %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    printk("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    printk("r13 %016lx r14 %016lx r15 %016lx cr3 %016lx\n", f->r13, f->r14, f->r15, read_cr3());
    if (f->vector == STILE_VEC_DOMAIN)
        printk("domain %lx to %lx, right %lx\n", read_msr(STILE_MSR_CD_FAULT_FROM),
               read_msr(STILE_MSR_CD_FAULT_TO), read_msr(STILE_MSR_CD_FAULT_RIGHT));
    panic("%s: vector %lu error %lx at %p", what, f->vector, f->error, reinterpret_cast<void*>(f->rip));
}

// Signal and si_code of an exception in user mode (Linux arch/x86/kernel/traps.c gives the same).
struct Meaning {
    int signal, code;
    bool address_is_rip;
    int key = -1;  // of SEGV_PKUERR
};

// Which of the exceptions raised and not masked it was, in the order in which Linux looks for them
// (arch/x86/kernel/fpu/core.c, fpu__exception_code). The registers are still those of the thread that
// trapped.
int float_code(uint32_t raised) {
    if (raised & 1) return FPE_FLTINV;
    if (raised & 4) return FPE_FLTDIV;
    if (raised & 8) return FPE_FLTOVF;
    if (raised & 0x12) return FPE_FLTUND;  // denormal operands among them
    return raised & 0x20 ? FPE_FLTRES : SI_KERNEL;
}
int x87_code() {
    uint16_t status, control;
    asm volatile("fnstsw %0\n fnstcw %1" : "=m"(status), "=m"(control));
    return float_code(status & ~control);
}
int simd_code() {
    uint32_t mxcsr;
    asm volatile("stmxcsr %0" : "=m"(mxcsr));
    return float_code(mxcsr & ~(mxcsr >> 7));
}

// A trap after a single step, or int1.
int debug_code() {
    constexpr uint64_t single_step = 1 << 14, nothing = 0xffff0ff0;
    uint64_t dr6;
    asm volatile("movq %%dr6, %0\n movq %1, %%dr6" : "=&r"(dr6) : "r"(nothing));
    return dr6 & single_step ? TRAP_TRACE : TRAP_BRKPT;
}

Meaning meaning_of(uint64_t vector) {
    switch (vector) {
        case vec_divide:
            return {SIGFPE, FPE_INTDIV, true};
        case vec_debug:
            return {SIGTRAP, debug_code(), true};
        case vec_breakpoint:
            return {SIGTRAP, SI_KERNEL, false};
        case vec_invalid_opcode:
            return {SIGILL, ILL_ILLOPN, true};
        case vec_x87:
            return {SIGFPE, x87_code(), true};
        case vec_simd:
            return {SIGFPE, simd_code(), true};
        case vec_no_segment:
        case vec_stack:
            return {SIGBUS, SI_KERNEL, false};
        case vec_alignment:
            return {SIGBUS, BUS_ADRALN, false};
        default:
            return {SIGSEGV, SI_KERNEL, false};
    }
}

void user_exception(TrapFrame* f, int signal, int code, uint64_t address, int key = -1) {
    if (dipc_unwind_fault(f, signal)) return;
    force_signal(signal, code, address, f, key);
}

// Why a fault that the address space did not mend is the program's end, and which.
Meaning unmended(AddressSpace& space, uint64_t addr, bool write, bool exec) {
    const VmArea* a = space.find(addr);
    if (!a) return {SIGSEGV, SEGV_MAPERR, false};
    const int needed = write ? PROT_WRITE : exec ? PROT_EXEC : PROT_READ;
    if ((a->prot & needed) != needed || (a->flags & vm_no_fault)) return {SIGSEGV, SEGV_ACCERR, false};
    if (a->source) return {SIGBUS, BUS_ADRERR, false};  // beyond the file's end
    printk("kernel: out of memory\n");
    return {SIGKILL, SI_KERNEL, false};
}

void page_fault(TrapFrame* f) {
    constexpr uint64_t write_bit = 2, reserved = 8, fetch = 16;
    const uint64_t addr = read_cr2();
    const bool write = f->error & write_bit, exec = f->error & fetch;
    Process* p = current()->process ? current_process() : nullptr;
    Meaning why{SIGSEGV, SEGV_MAPERR, false};
    if (addr < user_top && p && p->space && !(f->error & reserved)) {
        AddressSpace* space = space_for(p->space, addr);
        // A key counts before the area's rights, and before the page is there, as in Linux.
        const VmArea* keyed = cpu().has_keys && !exec ? space->find(addr) : nullptr;
        if (keyed && key_forbids(*keyed, write)) {
            why = {SIGSEGV, SEGV_PKUERR, false, keyed->key};
        } else {
            if (space->fault(addr, write, exec) || (f->from_user() && dipc_page_fault(addr))) return;
            if (f->from_user()) why = unmended(*space, addr, write, exec);
        }
    }
    if (f->from_user()) return user_exception(f, why.signal, why.code, addr, why.key);
    if (!fix_up_kernel_fault(f))
        die(f, addr < user_top ? "kernel touched user memory" : "page fault in the kernel");
}

void domain_fault(TrapFrame* f) {
    if (dipc_domain_fault(f)) return;
    if (f->from_user()) return user_exception(f, SIGSEGV, SEGV_ACCERR, read_cr2());
    if (!fix_up_kernel_fault(f)) die(f, "domain fault in the kernel");
}

}  // namespace

bool fix_up_kernel_fault(TrapFrame* f) {
    for (const ExceptionEntry* e = __ex_table_start; e != __ex_table_end; e++)
        if (e->at == f->rip) {
            f->rip = e->to;
            return true;
        }
    return false;
}

static void dispatch(TrapFrame* f) {
    switch (f->vector) {
        case vec_page_fault:
            return page_fault(f);
        case STILE_VEC_DOMAIN:
            return domain_fault(f);
        case vec_timer:
            return timer_interrupt();
        case vec_spurious:
            return;
        default:
            break;
    }
    if (f->vector >= 32) die(f, "interrupt that nobody expects");
    if (f->vector == vec_nmi || f->vector == vec_double_fault || f->vector == vec_machine_check)
        die(f, "fatal exception");
    if (f->from_user()) {
        const Meaning m = meaning_of(f->vector);
        return user_exception(f, m.signal, m.code, m.address_is_rip ? f->rip : 0);
    }
    if (!fix_up_kernel_fault(f)) die(f, "exception in the kernel");
}

// Messages of other CPUs. They need no lock; the sender may hold it and wait for the answer.
static bool dispatch_message(const TrapFrame* f) {
    switch (f->vector) {
        case vec_reschedule:  // the work flags are looked at on the way out
            apic_end_of_interrupt();
            return true;
        case vec_shootdown:  // not the doing of whatever runs here
            STILE_MARK(STILE_MARK_K_TICK_BEGIN, 0, 0, 0);
            apic_end_of_interrupt();
            shootdown_answer();
            STILE_MARK(STILE_MARK_K_TICK_END, 0, 0, 0);
            return true;
        case vec_halt:
            for (;;) asm volatile("cli; hlt");
        default:
            return false;
    }
}

extern "C" void trap_dispatch(TrapFrame* f) {
    if (!smp()) return dispatch(f);
    const bool held = cpu().locked;
    if (!dispatch_message(f)) {
        if (f->vector != vec_timer) big_lock();  // the timer takes it if it has to
        dispatch(f);
    }
    // With work to do on the way to user mode exit_work goes on with the lock.
    if (!held && !(f->from_user() && cpu().work)) big_unlock();
}

extern "C" PHASE(schedule) void exit_work(TrapFrame* f) {
    Thread* t = current();
    big_lock();
    for (;;) {
        const uint64_t work = t->work;
        if (work & work_reschedule) {
            t->work &= ~static_cast<uint64_t>(work_reschedule);
            displace();
            continue;
        }
        if (work & work_signal) {
            if (smp() && t->dipc) dipc_leave_dead_host(f);
            deliver_signals(f);
            if (t->work & work_signal) continue;
        }
        break;
    }
    t->work &= ~static_cast<uint64_t>(work_full_return);
    cpu().work = t->work;
    big_unlock();
}

}  // namespace stile::os
