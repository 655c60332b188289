// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/thread.h"

#include "os/kernel/base/string.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/sched.h"

extern "C" void thread_start_trampoline();

namespace stile::os {
namespace {
constinit List<Thread, &Thread::all_link> all_threads;
constinit int last_tid = 0;
}  // namespace

int allocate_tid() { return ++last_tid; }

Thread* find_thread(int tid) {
    for (Thread& t : all_threads)
        if (t.tid == tid) return &t;
    return nullptr;
}

void fpu_reset(FpuImage* image) {
    memset(image, 0, sizeof *image);
    // Power-up values (SDM vol. 1, 8.1.5 and 10.2.3): all x87 and SIMD exceptions masked.
    image->bytes[0] = 0x7f;
    image->bytes[1] = 0x03;
    image->bytes[24] = 0x80;
    image->bytes[25] = 0x1f;
}

Thread* thread_create(Process* process) {
    auto* t = knew<Thread>();
    Page* stack = t ? alloc_pages(kernel_stack_order) : nullptr;
    auto* fpu = stack ? static_cast<FpuImage*>(kmalloc(sizeof(FpuImage))) : nullptr;
    if (!fpu) {
        if (stack) free_pages(stack, kernel_stack_order);
        kdelete(t);
        return nullptr;
    }
    t->kernel_stack = reinterpret_cast<uint64_t>(page_address(stack)) + kernel_stack_size;
    t->fpu = fpu;
    fpu_reset(fpu);
    t->process = process;
    t->cpu = cpu().id;
    TrapFrame* f = t->frame();
    memset(f, 0, sizeof *f);
    f->cs = sel_user_code;
    f->ss = sel_user_data;
    f->rflags = flag_if;
    f->vector = frame_syscall;
    // As if switch_stacks had been called from thread_start_trampoline.
    auto* sp = reinterpret_cast<uint64_t*>(f);
    *--sp = reinterpret_cast<uint64_t>(&thread_start_trampoline);
    for (int i = 0; i < 6; i++) *--sp = 0;
    t->kernel_rsp = reinterpret_cast<uint64_t>(sp);
    t->state = ThreadState::sleeping_hard;
    return t;
}

void thread_put(Thread* t) {
    if (--t->refs) return;
    if (cpu().fpu_owner == t) cpu().fpu_owner = nullptr;
    free_pages(address_page(reinterpret_cast<void*>(t->kernel_stack - kernel_stack_size)),
               kernel_stack_order);
    kfree(t->fpu);
    signals_discard(t->pending);
    kdelete(t);
}

void thread_list_add(Thread* t) {
    all_threads.push_back(t);
    if (!t->process) return;
    t->sibling = t->process->first_thread;
    t->process->first_thread = t;
    t->process->live_threads++;
}

void thread_list_remove(Thread* t) {
    all_threads.remove(t);
    if (!t->process) return;
    for (Thread** p = &t->process->first_thread; *p; p = &(*p)->sibling)
        if (*p == t) {
            *p = t->sibling;
            break;
        }
    t->process->live_threads--;
}

}  // namespace stile::os
