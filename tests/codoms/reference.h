// SPDX-License-Identifier: Apache-2.0
//
// The few instructions of insn.h, executed one by one with every access decided by the executable
// specification (isa/spec). Nothing is remembered from one access to the next.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "tests/codoms/coverage.h"
#include "tests/codoms/plan.h"

namespace stile::codoms_fuzz {

namespace spec = isa::spec;

struct Cpu {
    spec::Core core;
    std::array<uint64_t, 16> r{};
    std::array<std::array<uint64_t, 2>, 8> xmm{};
    uint64_t rip = 0;
    uint16_t unknown = 1 << r11;  // registers whose value the rules do not say
    bool not_zero = false;        // after the last dec
    uint64_t from = 0;            // the instruction that led to rip
    bool from_known = false;
    uint64_t count = 0;  // instructions done
};

struct Step {
    enum What : uint8_t { done, fault, trap, lost } what = done;
    spec::Outcome outcome;  // of fault
    unsigned vector = 0;    // of fault and trap
    bool fetch = false;     // the fault is one of the fetch
    const Insn* insn = nullptr;
    uint64_t bytes = 0;
};
inline constexpr unsigned syscall_vector = 256;

class Reference {
  public:
    Reference(const Plan& plan, unsigned cores, unsigned apl_entries, Coverage& coverage, unsigned model);

    // The next instruction; of a repeated one all that is left of it.
    Step step(Cpu& cpu);
    // Elements of the repeated instruction at cpu.rip, until rcx is this.
    Step elements(Cpu& cpu, uint64_t rcx);
    const Insn* insn_at(uint64_t address) const;

    void set_page(const PagePlan& page);

    spec::World world;
    std::vector<Cpu> cpus;

  private:
    Step execute(Cpu& cpu, const Insn& i);
    Step codoms(Cpu& cpu, const Insn& i);
    Step string(Cpu& cpu, const Insn& i, uint64_t stop_at);
    spec::Outcome load(Cpu& cpu, Route route, uint64_t address, unsigned bytes, void* out);
    spec::Outcome store(Cpu& cpu, Route route, uint64_t address, unsigned bytes, const void* in);
    void go(Cpu& cpu, uint64_t last, uint64_t to, stile_transfer kind, uint64_t back = 0);

    std::unordered_map<uint64_t, const Insn*> at_;
    Coverage& coverage_;
    const unsigned model_;
};

}  // namespace stile::codoms_fuzz
