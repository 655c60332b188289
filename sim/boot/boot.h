// SPDX-License-Identifier: Apache-2.0
//
// The boot loader: puts kernel, initial ramdisk, boot information and first page tables into memory and the
// core at the kernel's entry, as abi/platform.h promises.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "abi/platform.h"
#include "model/core/cpu_state.h"
#include "model/memory/physical_memory.h"
#include "sim/boot/initrd.h"

namespace stile::sim {

struct BootError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct BootProcess {
    std::string path;
    std::vector<std::string> argv, env;
    std::string stdin_path;  // a guest file; empty: no input
    std::string cwd = {};    // empty: the root
    uint64_t cores = 0;      // bit i: may run on core i; 0: on all
};

struct BootOptions {
    uint64_t seed = 1;
    uint64_t tsc_hz = 3'100'000'000;
    uint64_t tick_hz = 250;
    unsigned cpus = 1;
    stile_protection protection = STILE_PROTECTION_CODOMS;
    bool self_test = false;
    unsigned kernel_profile = 0;
    bool flush_apl = false;              // empty the APL cache when threads are switched
    unsigned tag_limit = 0;              // for tests: domain tags below it only; 0: all
    uint64_t checks_off = 0;             // bit i: the kernel does without enum stile_os_check i
    std::vector<std::string> keep = {};  // what of the file system goes to the archive at the end
};

// Throws BootError when something does not fit. `state` is the boot core's.
void boot(model::PhysicalMemory& memory, model::CpuState& state, std::span<const uint8_t> kernel_elf,
          std::span<const GuestFile> files, std::span<const BootProcess> processes,
          const BootOptions& options);

}  // namespace stile::sim
