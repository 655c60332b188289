// SPDX-License-Identifier: Apache-2.0
//
// The power switch of abi/platform.h: a 32-bit write ends the run with that code.
#pragma once

#include <functional>

#include "model/devices/mmio_device.h"

namespace stile::model {

class Power : public MmioDevice {
  public:
    void on_off(std::function<void(uint32_t)> callback) { off_ = std::move(callback); }
    uint32_t code() const { return code_; }

    void archive(auto& a) { a(code_); }

    bool read(uint64_t offset, void* out, unsigned bytes) override;
    bool write(uint64_t offset, const void* in, unsigned bytes) override;

  private:
    std::function<void(uint32_t)> off_;
    uint32_t code_ = 0;
};

}  // namespace stile::model
