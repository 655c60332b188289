// SPDX-License-Identifier: Apache-2.0
//
// Where the kernel asks os/kernel/dipc. hooks.cpp holds weak answers for a kernel without it (every call
// refused, every #CD fatal); dIPC's definitions replace them at link time.
#pragma once

#include "os/kernel/arch/frame.h"
#include "os/kernel/task/elf.h"

namespace stile::os {

struct Thread;
struct Process;

// #CD. True: mended (APL refill), retry the instruction.
bool dipc_domain_fault(TrapFrame* frame);
// An exception of user code that would kill with `sig`. True: the thread was on a visit and has been unwound
// to its caller; frame says where to go on.
bool dipc_unwind_fault(TrapFrame* frame, int sig);
// exit or exit_group. True: the thread acted for a process that it visits; it has been unwound to its caller
// (and with `end_process` the visited process is to end with `status`).
bool dipc_leave_visit(bool end_process, int status);
// The thread runs code of another domain on behalf of its process: no time for a signal handler.
bool dipc_on_visit(const Thread* thread);
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
