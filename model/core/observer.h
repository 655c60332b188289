// SPDX-License-Identifier: Apache-2.0
//
// Who wants to know. Everything is a no-op by default; nothing here runs per instruction.
#pragma once

#include <cstdint>
#include <span>

#include "model/core/phase.h"

namespace stile::model {

class Core;

struct CodeContext {
    uint64_t vaddr, paddr;
    unsigned ring;
    bool privileged_page;  // ring 3 on a page with the privileged bit: a proxy
    unsigned core = 0;     // that translates it
};

class Observer {
  public:
    virtual ~Observer() = default;
    // A marker retired. Counters and cycle of `core` are exact here. Codes >= 0x100 come from ring 0 only.
    virtual void marker(Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx) {}
    // Code is being translated: which phase do its cycles belong to?
    virtual Phase classify(const CodeContext& code) { return code.ring == 0 ? Phase::dispatch : Phase::user; }
    // While Core::watch_stores(true): after each store of `bytes` at physical `paddr` (a rep-string store may
    // come as one run).
    virtual void store(Core& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes) {}
    // An instruction whose bytes are valid x86 but that Stile lacks raised #UD. Called once per execution.
    virtual void unsupported(Core& core, uint64_t rip, std::span<const uint8_t> bytes) {}
    // The protection unit refused an access (not an APL miss).
    virtual void refused(Core& core, uint64_t rip, uint64_t address, uint32_t error) {}
    // The core has halted; or it goes on, with whatever ends the halt still to come. Its clock is exact here.
    virtual void halted(Core& core, bool begins) {}
};

}  // namespace stile::model
