// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stile::model {

// A device as the bus sees it: registers at offsets. False: there is no such register, or not of that size.
class MmioDevice {
  public:
    virtual ~MmioDevice() = default;
    virtual bool read(uint64_t offset, void* out, unsigned bytes) = 0;
    virtual bool write(uint64_t offset, const void* in, unsigned bytes) = 0;
};

}  // namespace stile::model
