// SPDX-License-Identifier: Apache-2.0
#include "abi/marker.h"
#include "os/kernel/task/sched.h"
#include "os/kernel/test/test.h"

namespace stile::os {
namespace {

extern "C" const KernelTest __kernel_tests_start[], __kernel_tests_end[];

void run_all(void*) {
    unsigned failed = 0, passed = 0;
    for (const KernelTest* t = __kernel_tests_start; t != __kernel_tests_end; t++) {
        const bool ok = t->run();
        STILE_MARK(STILE_MARK_K_TEST, t->name, ok, 0);
        printk("%s %s\n", ok ? "ok  " : "FAIL", t->name);
        ok ? passed++ : failed++;
    }
    printk("kernel self-test: %u passed, %u failed\n", passed, failed);
    power_off(failed || !passed ? 1 << 8 : 0);
}

}  // namespace

// The tests are a kernel thread, so that they may sleep and wait for one another.
void run_kernel_tests() {
    Thread* t = thread_create(nullptr);
    if (!t) panic("no memory for the self-test");
    t->tid = allocate_tid();
    t->kernel_entry = run_all;
    thread_list_add(t);
    make_runnable(t);
    idle_loop();
}

}  // namespace stile::os
