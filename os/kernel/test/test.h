// SPDX-License-Identifier: Apache-2.0
//
// Tests that run inside the booted kernel: KERNEL_TEST(name) { CHECK(...); }. A failed CHECK ends its test.
#pragma once

#include "os/kernel/base/printk.h"

namespace stile::os {

struct KernelTest {
    const char* name;
    bool (*run)();
};

// Runs all, reports each by marker K_TEST and on the console, and powers off: 0 all passed, 1 << 8 otherwise.
[[noreturn]] void run_kernel_tests();

#define KERNEL_TEST(test)                                                                                \
    static bool test();                                                                                  \
    __attribute__((section(".kernel_tests"), used)) static const KernelTest test_##test = {#test, test}; \
    static bool test()

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            printk("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            return false;                                                        \
        }                                                                        \
    } while (0)

}  // namespace stile::os
