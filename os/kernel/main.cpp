// SPDX-License-Identifier: Apache-2.0
//
// From the first C++ instruction to the first process.
#include "abi/marker.h"
#include "os/kernel/arch/smp.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/init.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/page_table.h"
#include "os/kernel/task/sched.h"
#include "os/kernel/test/test.h"

namespace stile::os {

constinit stile_boot_info boot_info{};

extern "C" void (*const __initcalls_start[])();
extern "C" void (*const __initcalls_end[])();

extern "C" [[noreturn]] void kernel_main(uint64_t boot_info_phys, unsigned cpu_id) {
    if (cpu_id) other_cpu_main(cpu_id);
    boot_info = *static_cast<const stile_boot_info*>(direct(boot_info_phys));
    if (boot_info.magic != STILE_BOOT_MAGIC) panic("the loader left no boot information");
    if (boot_info.cpus > max_cpus) panic("%u processors: at most %u", boot_info.cpus, max_cpus);
    if (boot_info.kernel_profile) panic("kernel profile %u is not in this version", boot_info.kernel_profile);
#define STILE_OS_CHECK_SAY(name, off) \
    if (!checked(STILE_OS_CHECK_##name)) printk("kernel: rule %s is off: %s\n", #name, off);
    STILE_OS_CHECKS(STILE_OS_CHECK_SAY)
#undef STILE_OS_CHECK_SAY
    several_cpus = boot_info.cpus > 1;
    cpu_init(cpu0);
    page_allocator_init();
    kernel_page_table_init();
    scheduler_init();
    clock_init();
    memfs_init();
    for (auto* f = __initcalls_start; f != __initcalls_end; f++) (*f)();
    start_other_cpus();
    if (boot_info.self_test) run_kernel_tests();
    if (!boot_info.n_processes) panic("no process to start");
    for (unsigned i = 0; i < boot_info.n_processes; i++) spawn_boot_process(i);
    STILE_MARK(STILE_MARK_K_BOOTED, 0, 0, 0);
    // This context, on the boot stack, becomes the idle thread.
    idle_loop();
}

}  // namespace stile::os
