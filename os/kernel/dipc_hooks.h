// SPDX-License-Identifier: Apache-2.0
//
// Where the kernel asks os/kernel/dipc. hooks.cpp holds weak answers for a kernel without it (every call
// refused, every #CD fatal); dIPC's definitions replace them at link time.
#pragma once

#include "abi/checks.h"
#include "abi/codoms.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/arch/frame.h"
#include "os/kernel/task/elf.h"

namespace stile::os {

struct Thread;
struct Process;

// The shared table is in CR3: domain checks are switched on if they are not yet.
void domains_start_here();
// Before a dIPC thread's state goes into the registers: grants may have changed since this CPU had one.
inline void apl_refresh() {
    Cpu& c = cpu();
    if (!c.apl_stale) return;
    c.apl_stale = false;
    stile_cd_aplinv(~0ull);
}
// In whose name the running thread is in the kernel: the domain whose code called, or was interrupted. 0: not
// a thread of a dIPC process, or domains are not checked.
uint16_t calling_domain();
// Until the end of the scope the kernel touches user memory with the rights of `domain` (0: as before). For
// what one system call asks for and another moment carries out.
class InNameOf {
  public:
    explicit InNameOf(uint16_t domain);
    ~InNameOf();

  private:
    uint64_t latch_ = 0;
    bool changed_ = false;
};
// Does the calling code act for its whole process: is it that of the default domain, or of one that may write
// there? Always true where `rule` is off.
bool dipc_acts_for_process(stile_os_check rule);
// 0, or -EPERM: the calling code has no business with some of the pages there (abi/checks.h, memory_calls).
Status dipc_may_change(AddressSpace& space, uint64_t addr, uint64_t length);
// Whose pages the running thread's mmap makes: its process's, or those of the domain that calls. -EPERM: a
// domain of another process.
Status dipc_tag_of_new_pages(const AddressSpace& space, uint16_t& tag);
// Pages of the space go, or become another domain's: no proxy takes them for a thread's stack any more.
void dipc_stack_lost(const AddressSpace& space, uint64_t from, uint64_t to);
// A signal handler that `installer` has set is about to run on top of the frame at `frame_at`; and
// rt_sigreturn of it, which goes to `rip`.
void dipc_enter_handler(uint64_t frame_at, uint64_t interrupted_rip, uint64_t handler, uint16_t installer);
bool dipc_handler_may_use(uint64_t stack, uint16_t installer);  // for the frame and what lies below
void dipc_leave_handler(uint64_t frame_at, uint64_t rip);
// The running thread, of a process that was in the shared table, goes on outside.
void domain_state_forget();
// #CD. True: mended (APL refill, a longer capability stack), retry the instruction.
bool dipc_domain_fault(TrapFrame* frame);
// #PF outside the process's own addresses. True: mended, retry.
bool dipc_page_fault(uint64_t addr);
// An exception of user code that would kill with `sig`. True: the thread was on a visit and has been unwound
// to its caller; frame says where to go on.
bool dipc_unwind_fault(TrapFrame* frame, int sig);
// exit or exit_group. True: the thread acted for a process that it visits; it has been unwound to its caller
// (and with `end_process` the visited process is to end with `status`).
bool dipc_leave_visit(bool end_process, int status);
// The thread runs code of another domain on behalf of its process: no time for a signal handler.
bool dipc_on_visit(const Thread* thread);
// On the way to user mode. The process that the thread visits has ended meanwhile on another CPU: it goes
// home.
void dipc_leave_dead_host(TrapFrame* frame);
// System calls from 1024 on.
Status dipc_syscall(uint64_t number, const uint64_t arguments[6]);

// A process whose image carries the note and protection is not `paging`: an address space in the shared table
// (first thing of exec), and what is to be done once the segments are mapped, before the stack is built.
Status dipc_create_space(const ElfImage& image, AddressSpace** space, uint64_t* bias);
Status dipc_image_loaded(Process* process, const ElfImage& image, uint64_t bias);

// Lives. thread_started: just before the first return to user mode of a thread of a dIPC process (exec,
// clone).
Status dipc_thread_started(Thread* thread, TrapFrame* frame);
void dipc_thread_exited(Thread* thread);
void dipc_process_exited(Process* process);           // also before exec replaces the image
Status dipc_forked(Process* parent, Process* child);  // child has a copy-on-write table of its own, dIPC off

}  // namespace stile::os
