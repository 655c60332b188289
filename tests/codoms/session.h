// SPDX-License-Identifier: Apache-2.0
//
// One plan on one machine, in step with the reference: whenever the core stops, for whatever reason, the
// reference has executed as many instructions and everything that can be seen is compared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/codoms/machine.h"
#include "tests/codoms/reference.h"

namespace stile::codoms_fuzz {

struct Mismatch {
    std::string what;     // the rule or state, and both sides
    unsigned action = 0;  // at which stop
    std::string listing;  // of the instructions executed last
};

class Session {
  public:
    Session(const Plan& plan, Machine& machine, Coverage& coverage);
    // Nothing: they agree.
    std::optional<Mismatch> run();

    uint64_t misses = 0;                      // APL misses answered
    uint64_t thrashed = 0;                    // instructions given up because they miss for ever
    uint64_t abandoned = 0;                   // went where no code of ours is
    uint64_t kernel_accesses = 0, slow = 0;   // of ring 0; of ring 3 that the software TLB did not answer
    std::vector<std::string>* log = nullptr;  // what the kernel saw and did

  private:
    struct Seat {
        unsigned thread = 0;
        Context context;
    };
    enum class End : uint8_t { trap, fault, thrash, lost };

    // --- session.cpp
    bool slice(unsigned core, const Action& action, End& end);
    bool catch_up(unsigned core, uint64_t count, Step& last);
    bool answer_miss(unsigned core, Machine::Stop& stop, model::Cycles until, uint64_t count, bool& thrash);
    bool same_fault(unsigned core, const Machine::Stop& stop, const spec::Outcome& want, bool fetch);
    bool same_state(unsigned core, const Context& context, const spec::Latch& latch,
                    const model::TransferLatch& is);
    bool same_memory();
    void go_on_from(unsigned core, const Action& action, End end);
    bool differ(std::string what);
    void note(std::string text) {
        if (log) log->push_back(std::move(text));
    }

    // --- events.cpp
    bool apply(const Event& event);
    bool drop(uint16_t tag);  // its APL entry, on every core
    void grant(uint16_t from, uint16_t to, unsigned right);
    bool show(const PagePlan& page);  // changed: entry, and INVLPG on every core
    bool kernel(unsigned core, Stub stub, uint64_t rdi = 0, uint64_t rax = 0, uint64_t rcx = 0,
                uint64_t rdx = 0, uint64_t rsi = 0);
    bool edit_state(unsigned core, const std::function<void(stile_cd_state&)>& edit);
    bool save(unsigned core, uint64_t at);
    bool restore(unsigned core, uint64_t at);
    bool user_access(unsigned core, Stub stub, uint64_t address, uint64_t other, uint64_t count,
                     const std::function<spec::Outcome()>& rules);
    bool reuse_tag(uint16_t tag, PagePlan& page);
    bool kernel_access(const Event& event);
    bool switch_thread(unsigned core, unsigned thread);
    bool set_latch(unsigned core, uint64_t rip);
    uint64_t some_address(uint64_t a, uint64_t b) const;
    uint64_t alias(uint64_t address) const;  // in the kernel's half; 0: none

    const Plan& plan_;
    Machine& machine_;
    Coverage& coverage_;
    const unsigned model_;
    Reference ref_;
    std::vector<PagePlan> pages_;
    std::vector<Seat> seats_;        // by core
    std::vector<Context> contexts_;  // by thread
    std::vector<bool> seated_;
    unsigned active_ = 0;
    bool unchecked_ = false;  // domain checks have been off
    spec::Outcome refusal_;   // the last
    Step stopped_;
    std::string different_;
    std::vector<uint64_t> trail_;
    size_t trail_at_ = 0;
    unsigned action_ = 0;
    uint64_t last_count_ = 0, last_rcx_ = 0;  // of the last APL miss
    unsigned in_a_row_ = 0, in_slice_ = 0;
};

}  // namespace stile::codoms_fuzz
