// SPDX-License-Identifier: Apache-2.0
//
// What a measurement needs to see of a core, and nothing else, so that tests can put a few numbers in its
// place.
#pragma once

#include <cstdint>

#include "model/core/counters.h"

namespace stile::model {
class Core;
}

namespace stile::sim {

class CoreView {
  public:
    virtual ~CoreView() = default;
    virtual unsigned id() const = 0;
    virtual uint64_t frequency() const = 0;  // Hz
    virtual const model::Counters& counters() const = 0;
    virtual bool halted() const = 0;
    virtual unsigned ring() const = 0;
    virtual bool privileged_page() const = 0;  // the running code lies on a page with the privileged bit
    // Reads through the running page table without side effects; false: not mapped.
    virtual bool read(uint64_t vaddr, void* out, uint64_t bytes) const = 0;
    virtual void watch_stores(bool on) = 0;
};

class RealCore : public CoreView {
  public:
    explicit RealCore(model::Core& core) : core_(core) {}
    unsigned id() const override;
    uint64_t frequency() const override;
    const model::Counters& counters() const override;
    bool halted() const override;
    unsigned ring() const override;
    bool privileged_page() const override;
    bool read(uint64_t vaddr, void* out, uint64_t bytes) const override;
    void watch_stores(bool on) override;

  private:
    model::Core& core_;
};

// The counters of `core` at the instant at which the clock of `observer` stands. A halted core's clock stands
// still until something wakes it: the time that it owes is waiting. One that runs may be a few cycles off,
// ahead or behind, as far as cores run ahead of each other.
model::Counters counters_at(const CoreView& core, const CoreView& observer);

}  // namespace stile::sim
