// SPDX-License-Identifier: Apache-2.0
//
// A thread: a kernel stack, a user context on top of it, and what the switch must save.
#pragma once

#include "abi/codoms.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/arch/frame.h"
#include "os/kernel/arch/keys.h"
#include "os/kernel/task/process.h"

namespace stile::os {

struct DipcThread;  // os/kernel/dipc

inline constexpr unsigned kernel_stack_order = 2;
inline constexpr uint64_t kernel_stack_size = page_size << kernel_stack_order;

enum class ThreadState : uint8_t { runnable, sleeping, sleeping_hard, stopped, dead };

// Why a thread must take the long way back to user mode.
enum WorkFlags : uint64_t { work_reschedule = 1, work_signal = 2, work_full_return = 4 };

// May a system call that a signal interrupted be started again? As Linux (signal(7)): `always` after a
// handler with SA_RESTART or without any handler; `without_handler` only when none ran (a stop and its end).
enum class Restart : uint8_t { never, without_handler, always };

struct alignas(16) FpuImage {
    uint8_t bytes[512];
};

// The exception behind the signal that is being delivered.
struct FaultInfo {
    bool pending = false;
    uint32_t vector = 0xff;
    uint64_t error = 0, address = 0;
    uint64_t from_tag = 0, to_tag = 0, right = 0;  // #CD only
};

struct Thread {
    uint64_t kernel_rsp = 0;    // saved stack pointer while switched out (switch.S knows this offset)
    uint64_t kernel_stack = 0;  // top
    uint64_t fs_base = 0, gs_base = 0;
    uint32_t pkru = pkru_default;  // while it does not run, where there are protection keys
    uint64_t work = 0;             // WorkFlags; copied to the CPU's block while running
    Process* process = nullptr;    // whose thread it is
    Process** acting_for =
        &process;  // current_process() reads through it; dIPC points it at the thread's KCS
    stile_cd_state* cd_state = nullptr;  // dIPC: switched with cd.save / cd.restore when present
    FpuImage* fpu = nullptr;

    ThreadState state = ThreadState::runnable;
    int tid = 0;
    uint8_t policy = 0;     // SCHED_*
    uint8_t real_time = 0;  // priority of SCHED_FIFO and SCHED_RR; 0: none of them
    bool reset_on_fork = false, slice_over = false;
    uint32_t cpu = 0;          // where it runs, waits to run, or ran last
    uint32_t fpu_cpu = ~0u;    // where its FXSAVE image was loaded last
    uint64_t allowed = ~0ull;  // CPUs on which it may run
    uint32_t refs = 1;
    Link run_link;
    Link all_link;
    Thread* sibling = nullptr;  // next thread of the process
    bool timed_out = false;
    bool must_exit = false;  // another thread of the process calls execve
    uint64_t cpu_tsc = 0, switched_in = 0;

    SignalSet blocked = 0;
    SignalSet visit_blocked = 0;  // what processes visited over dIPC have set
    SignalSet saved_blocked = 0;  // rt_sigsuspend, ppoll: restored after delivery
    bool restore_blocked = false;
    SignalSet waited_for = 0;  // rt_sigtimedwait: these end its sleep, blocked or not
    PendingSignals pending;
    bool signals_held = false;  // caught ones wait for the end of a dIPC visit
    FaultInfo fault;
    Restart restart = Restart::never;  // of the system call that returns -EINTR
    uint64_t deadline = 0;             // of its sleep, TSC; 0: none
    uint64_t restart_deadline = 0;     // a restarted call keeps the deadline of its first start
    SignalStack alt_stack;

    UserAddr clear_child_tid = 0;
    UserAddr robust_list = 0;
    uint16_t clear_child_tid_domain = 0, robust_list_domain = 0;  // of the code that set them
    void (*kernel_entry)(void*) = nullptr;                        // kernel threads
    void* kernel_argument = nullptr;

    DipcThread* dipc = nullptr;

    TrapFrame* frame() const { return reinterpret_cast<TrapFrame*>(kernel_stack) - 1; }
    AddressSpace* space() const { return process->space; }
};

inline Process* current_process() { return *current()->acting_for; }

// A thread that is not yet runnable; its user frame is zeroed, its FPU image the initial one.
Thread* thread_create(Process* process);
void fpu_reset(FpuImage* image);  // the power-up values
// What user mode has in FS and GS base, into the running thread; where it may write them itself they are only
// there.
void save_user_bases(Thread* running);
Thread* find_thread(int tid);
void thread_put(Thread* t);
int allocate_tid();
void thread_list_add(Thread* t);
void thread_list_remove(Thread* t);

}  // namespace stile::os
