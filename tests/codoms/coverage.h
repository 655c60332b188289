// SPDX-License-Identifier: Apache-2.0
//
// How often each rule said what, by the way on which it was asked and by core model. The specification's
// answers are counted: the model's are the same or the run has failed.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "isa/spec/spec.h"
#include "tests/codoms/insn.h"

namespace stile::codoms_fuzz {

enum class Route : uint8_t {
    load,
    store,
    modify,  // load that announces a store
    sse_load,
    sse_store,
    string_load,
    string_store,
    push,
    pop,
    call_push,
    ret_pop,
    target,  // of an indirect jump or call
    crossing_page_load,
    crossing_page_store,
    cap_load,
    cap_store,
    kernel_load,
    kernel_store,
    kernel_cap,
    fall_through,
    jump,
    call,
    ret,
    straddle,
    instruction,
    count
};

enum class Rule : uint8_t {
    own,       // same domain
    apl_call,  // at an entry point
    apl,       // read or write
    sync_cap,  // only a synchronous capability allows it
    async_cap,
    lent_cap,  // only a capability of an origin that is not the page's domain
    checks_off,
    supervisor,  // ring 0 and its own page
    done,        // no rule of domains was asked
    page_fault,
    general,  // #GP, #UD
    right,    // from here on, #CD by reason
    align,
    apl_miss,
    ret,
    dcs_bounds,
    cap_page,
    straddle,
    cap_type,
    cap_range,
    count
};

const char* name_of(Route route);
const char* name_of(Rule rule);

class Coverage {
  public:
    static constexpr unsigned models = 3;
    static constexpr size_t routes = static_cast<size_t>(Route::count),
                            rules = static_cast<size_t>(Rule::count);

    void access(unsigned model, Route route, const isa::spec::World& world, const isa::spec::Core& core,
                uint64_t address, unsigned bytes, bool write, const isa::spec::Outcome& outcome);
    // `before`: the latch that led to `address`.
    void crossing(unsigned model, Route route, const isa::spec::World& world, const isa::spec::Core& before,
                  uint64_t address, const isa::spec::Outcome& outcome);
    void executed(unsigned model, const Insn& insn, bool ok);
    void add(unsigned model, Route route, Rule rule) {
        ++count_[model][static_cast<size_t>(route)][static_cast<size_t>(rule)];
    }

    uint64_t accesses(unsigned model) const { return accesses_[model]; }
    uint64_t accesses() const { return accesses_[0] + accesses_[1] + accesses_[2]; }
    uint64_t data(unsigned model) const { return data_[model]; }  // loads and stores
    uint64_t faults(unsigned model) const { return faults_[model]; }
    // Rows that were met and that there are: (route, rule), and each of CODOMs' instructions done and
    // refused.
    void rows(unsigned& met, unsigned& all) const;
    std::string missing() const;  // one per line
    std::string table() const;
    void merge(const Coverage& other);

  private:
    uint64_t of(Route route, Rule rule) const;
    void count(unsigned model, const isa::spec::Outcome& outcome) {
        ++accesses_[model];
        if (!outcome.allowed()) ++faults_[model];
    }

    std::array<std::array<std::array<uint64_t, rules>, routes>, models> count_{};
    static constexpr size_t kinds = static_cast<size_t>(Kind::count),
                            ops = static_cast<size_t>(isa::spec::Op::count);
    std::array<std::array<std::array<uint64_t, 2>, kinds>, models> kind_{};
    std::array<std::array<std::array<uint64_t, 2>, ops>, models> op_{};
    std::array<uint64_t, models> accesses_{}, faults_{}, data_{};
};

}  // namespace stile::codoms_fuzz
