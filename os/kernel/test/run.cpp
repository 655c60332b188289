// SPDX-License-Identifier: Apache-2.0
#include "abi/marker.h"
#include "os/kernel/fs/inode.h"
#include "os/kernel/mm/kmalloc.h"
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

// The tests are a thread of a process without a program: it may sleep, and it has user memory to be copied
// from.
void run_kernel_tests() {
    Process* p = process_create(nullptr);
    if (p) {
        p->space = address_space_create();
        p->files = file_table_create();
        p->handlers = knew<SignalHandlers>();
        p->fs = knew<FsContext>();
    }
    Thread* t = p && p->space && p->files && p->handlers && p->fs ? thread_create(p) : nullptr;
    if (!t) panic("no memory for the self-test");
    p->fs->cwd = root_inode();
    inode_get(root_inode());
    t->tid = p->pid;
    t->kernel_entry = run_all;
    t->allowed = cpu().bit;
    thread_list_add(t);
    make_runnable(t);
    idle_loop();
}

}  // namespace stile::os
