// SPDX-License-Identifier: Apache-2.0
//
// Twice the same world: once as the model's Mmu and protection unit (without a core), once as the executable
// specification. Each step is done in both, and both must say the same.
#pragma once

#include <memory>
#include <vector>

#include "isa/spec/spec.h"
#include "tests/unit/mmu/world.h"
#include "tests/unit/protection/steps.h"

namespace stile::model::test {

// Mistakes of whoever must tell the hardware that something has changed, to see that the random world minds.
enum class Plant {
    none,
    no_aplinv,         // after a grant
    no_invlpg,         // after a page was mapped anew
    no_counter_watch,  // stores to revocation counters go unseen
    no_register_drop,  // a restored thread's registers, and what its predecessor's had opened
    no_context,        // a change of ring
    stale_latch,       // an interrupt forgets what was pending
    counters_of_one_core,
    aplinv_on_one_core,
    invlpg_on_one_core,  // the other one is not told
};

struct PairStats {
    uint64_t accesses = 0, allowed = 0, page_faults = 0, fast = 0, apl_misses = 0, apl_walks = 0,
             for_ever = 0;
    uint64_t by_capability = 0, revocations = 0, reasons[16] = {};
    void add(const PairStats& o);
};

class Pair {
  public:
    Pair(const MachineConfig& config, Plant plant);

    // Empty: they agree. Else what was different.
    std::string apply(const Step& step);
    std::string compare_memory();  // slow: all of it

    isa::spec::World spec;
    isa::spec::Core core;
    World* model = nullptr;  // of the running core
    PairStats stats;
    uint64_t walks() const;
    uint64_t by_capability() const;
    // The kernel's own mapping of where `vaddr` leads, if that is one of the small pages.
    uint64_t alias_of(uint64_t vaddr) const;

  private:
    using Outcome = isa::spec::Outcome;

    std::string access(const Step& s);
    std::string transfer(const Step& s);
    std::string execute(const Step& s);
    std::string agree(const Outcome& expected, bool ok);
    std::string compare_state() const;
    template <class F>
    bool attempt(uint64_t vaddr, unsigned bytes, F go);
    bool fetch(uint64_t vaddr, unsigned bytes);
    bool too_many_domains(uint64_t vaddr, unsigned bytes) const;
    void map(const Step& s);
    void map_large(uint16_t tag, uint8_t attributes);
    void put(uint64_t vaddr, uint64_t frame, bool present, uint8_t attributes, uint16_t tag);
    void set_stack(const Step& s);
    void set_write_protect(bool on);
    void shoot_down(uint64_t vaddr);
    void start_core(unsigned k);
    void start_threads();
    void run_core(unsigned k);
    bool tells(const World& w, Plant nobody, Plant not_others) const;
    void grant(uint16_t from, uint16_t to, unsigned right);
    void enter_ring0();
    void return_to_ring3(uint64_t rip);
    void save(unsigned thread);
    void restore(unsigned thread);
    void copy_registers();

    Plant plant_;
    uint64_t root_[n_spaces], directory_ = 0;
    uint64_t frame0_ = 0;
    struct Parked {
        isa::spec::Core core;
        unsigned thread = 0;
    };
    std::vector<std::unique_ptr<World>> worlds_;  // one per core, one memory
    std::vector<Parked> parked_;
    unsigned running_ = 0, thread_ = 0;
    bool for_ever_ = false;
};

MachineConfig shape(unsigned entries, unsigned ways, AplRefill refill);

}  // namespace stile::model::test
