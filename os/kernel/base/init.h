// SPDX-License-Identifier: Apache-2.0
//
// INITCALL(f): f() runs once at boot, after memory, scheduler and file system are up and before the first
// process starts. Drivers use it to register their device nodes; the order among them is link order.
#pragma once

#define INITCALL(function) \
    __attribute__((section(".initcalls"), used)) static void (*const initcall_##function)() = function
