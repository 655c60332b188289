// SPDX-License-Identifier: Apache-2.0
//
// Cores, RAM, console and power switch, with no SystemC around them and no timing model unless a test brings
// one: an instruction takes a cycle. For tests that ask what guest code does rather than how long it takes.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/core/core.h"
#include "model/core/core_complex.h"
#include "sim/boot/boot.h"

namespace stile::test {

class BareMachine : public model::MmioPort {
  public:
    explicit BareMachine(const model::MachineConfig& config = {}, model::Observer* observer = nullptr);

    // Runs until power-off, `limit` cycles, or a standstill of all cores; returns why. The core whose clock
    // is behind goes first.
    model::Stop run(model::Cycles limit);

    model::PhysicalMemory memory;
    model::CoreComplex complex;
    std::vector<std::unique_ptr<model::Core>> cores;  // config.cores of them
    model::Core* core;                                // the first
    std::string console;                              // what the guest printed
    std::string_view input;                           // what it has not read yet
    std::string archive;                              // what it has put into the archive (abi/platform.h)
    bool echo = false;                                // print as it comes, to stdout
    bool powered_off = false;
    uint32_t power_code = 0;
    uint64_t archive_address = 0;

    bool mmio_read(uint64_t paddr, void* out, unsigned bytes) override;
    bool mmio_write(uint64_t paddr, const void* in, unsigned bytes) override;
};

std::vector<uint8_t> read_file(const std::string& path);  // throws std::runtime_error

}  // namespace stile::test
