// SPDX-License-Identifier: Apache-2.0
//
// The archive of abi/platform.h: pieces of memory, one after the other, leave the machine.
#pragma once

#include <string>

#include "model/devices/mmio_device.h"
#include "model/memory/physical_memory.h"

namespace stile::model {

class StateArchive;

class Archive : public MmioDevice {
  public:
    explicit Archive(const PhysicalMemory& memory) : memory_(memory) {}
    const std::string& bytes() const { return bytes_; }
    void archive(StateArchive& a);

    bool read(uint64_t offset, void* out, unsigned bytes) override;
    bool write(uint64_t offset, const void* in, unsigned bytes) override;

  private:
    const PhysicalMemory& memory_;
    uint64_t address_ = 0;
    std::string bytes_;
};

}  // namespace stile::model
