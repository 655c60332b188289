// SPDX-License-Identifier: Apache-2.0
//
// While one lives, the kernel touches user memory whatever its key: a signal frame is written so, as Linux
// does since 6.12, and the handler starts with the default PKRU. What the interrupted code had is kept in the
// frame: Linux keeps it in the XSAVE image; without XSAVE it lies in a reserved word of the context (our
// choice).
#pragma once

#include "os/kernel/arch/cpu.h"
#include "os/kernel/arch/keys.h"

namespace stile::os {

class KeysOpen {
  public:
    KeysOpen() : on_(cpu().has_keys) {
        if (!on_) return;
        pkru_ = read_pkru();
        write_pkru(0);
    }
    ~KeysOpen() {
        if (on_) write_pkru(pkru_);
    }
    KeysOpen(const KeysOpen&) = delete;

    void leave_with(uint32_t pkru) { pkru_ = pkru; }
    // For the frame, and back; a frame that was not made by the kernel may hold none.
    uint64_t kept() const { return on_ ? there | pkru_ : 0; }
    static uint32_t of_kept(uint64_t word) {
        return word & there ? static_cast<uint32_t>(word) : pkru_default;
    }

  private:
    static constexpr uint64_t there = 1ull << 32;
    const bool on_;
    uint32_t pkru_ = 0;
};

}  // namespace stile::os
