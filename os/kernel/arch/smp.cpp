// SPDX-License-Identifier: Apache-2.0
//
// Everything that a CPU needs is made before it starts, so that it needs nothing of what the big lock
// protects until it idles for the first time.
#include "os/kernel/arch/smp.h"

#include "os/kernel/arch/apic.h"
#include "os/kernel/arch/big_lock.h"
#include "os/kernel/arch/trap.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/phase.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/mm/page_table.h"
#include "os/kernel/task/sched.h"
#include "os/kernel/task/timer.h"

extern "C" uint64_t boot_stacks[];

namespace stile::os {

void start_other_cpus() {
    if (!smp()) return;
    big_lock_take();
    for (unsigned i = 1; i < boot_info.cpus; i++) {
        Cpu* c = cpu_create(i);
        Page* stack = c ? alloc_pages(kernel_stack_order) : nullptr;
        if (!stack || !scheduler_add(*c)) panic("no memory for CPU %u", i);
        boot_stacks[i] = reinterpret_cast<uint64_t>(page_address(stack)) + kernel_stack_size;
        cpus[i] = c;
        apic_start_cpu(i);
        while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) asm volatile("pause");
        cpu_count = i + 1;
    }
    // They wait for the lock to see that there is nothing to do. Let them, so that they sleep while we boot.
    for (unsigned i = 1; i < cpu_count;) {
        big_lock_relax();
        if (__atomic_load_n(&cpus[i]->waiting, __ATOMIC_ACQUIRE)) i++;
    }
}

void other_cpu_main(unsigned id) {
    Cpu& c = *cpus[id];
    cpu_init(c);
    page_table_activate(kernel_page_table());
    clock_start_here();
    __atomic_store_n(&c.online, true, __ATOMIC_RELEASE);
    big_lock_take();
    idle_loop();
}

PHASE(schedule) void cpu_kick(Cpu& c) {
    if (&c != &cpu()) apic_send(c.id, vec_reschedule);
}

}  // namespace stile::os
