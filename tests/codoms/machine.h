// SPDX-License-Identifier: Apache-2.0
//
// The subject: bare cores without SystemC, with page tables made by hand and a kernel of a few instructions
// for each thing that it has to do. Every exception and interrupt ends in a HLT.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/core/core.h"
#include "model/core/core_complex.h"
#include "model/core/core_impl.h"
#include "tests/codoms/plan.h"

namespace stile::codoms_fuzz {

struct Shape {
    unsigned entries = 32, ways = 32;
    bool walk = false;  // refill by hardware
    bool operator==(const Shape&) const = default;
    std::string text() const;
};

// What the kernel can execute.
enum class Stub : uint8_t {
    iretq,
    fill_and_return,  // cd.aplfill [rdi]; pop rdi; iretq
    fill,
    invlpg,
    load_cr3,
    aplinv,
    save,
    restore,
    write_msr,
    load,   // mov rax, [rdi]
    store,  // mov [rdi], rax
    store_byte,
    add,    // lock add [rdi], rax
    copy,   // rep movsb
    capld,  // c7
    capst,
    caprev,
    capclr,   // all
    set_dcs,  // rdi, rsi, rdx
    count
};

// What a thread's registers are while it does not run.
struct Context {
    std::array<uint64_t, 16> r{};
    uint64_t rip = 0, flags = 0x202;
};

class Machine final : public model::MmioPort {
  public:
    Machine(model::CoreModel model, unsigned cores, const Shape& shape);
    ~Machine();

    // A new case: tables, memory, nothing remembered.
    void load(const Plan& plan, const isa::spec::World& world);
    void set_entry(const PagePlan& page);

    struct Stop {
        enum What : uint8_t { time, fault, trap, broken } what = broken;
        unsigned vector = 0;
        uint32_t error = 0;
        uint64_t address = 0;  // CR2
        unsigned ring = 3;     // that it stopped
    };
    // Ring 3 from `context`, by iretq.
    Stop enter(unsigned core, const Context& context, model::Cycles limit);
    // On from where it is: after Stop::time, or after a miss.
    Stop go_on(unsigned core, model::Cycles until);
    Stop refill_and_return(unsigned core, const Context& context, const stile_apl_record& record,
                           model::Cycles until);
    // As an interrupt of this vector, at the boundary where it stands.
    Stop interrupt(unsigned core);
    // At ring 0, to its end or its fault. The registers' contents do not survive, rax is returned.
    Stop kernel(unsigned core, Stub stub, uint64_t rdi = 0, uint64_t rax = 0, uint64_t rcx = 0,
                uint64_t rdx = 0, uint64_t rsi = 0);
    // The thread as it was stopped.
    Context context(unsigned core, const Stop& stop) const;

    stile_apl_record record(unsigned core, uint16_t tag, const isa::spec::World& world);
    void write_directory(const isa::spec::World& world);

    model::Core& core(unsigned i) { return *cores_[i]; }
    const model::CpuState& state(unsigned i) const { return cores_[i]->state(); }
    model::PhysicalMemory& memory() { return memory_; }
    unsigned cores() const { return static_cast<unsigned>(cores_.size()); }
    uint64_t user_instructions(unsigned i) const {
        const model::Counters& c = cores_[i]->counters();
        return c.instructions - c.kernel_instructions;
    }
    const Shape shape;
    const model::CoreModel model;

    bool mmio_read(uint64_t, void*, unsigned) override { return false; }
    bool mmio_write(uint64_t, const void*, unsigned) override { return false; }

  private:
    struct Lower;
    uint64_t& word(uint64_t paddr) { return *reinterpret_cast<uint64_t*>(memory_.host(paddr)); }
    void make_kernel();
    void fresh_timing(model::Core& core);
    Stop run(unsigned core, model::Cycles until);
    void start_kernel(unsigned core, Stub stub);

    model::MachineConfig config_;
    model::PhysicalMemory memory_;
    std::unique_ptr<Lower> lower_;
    std::unique_ptr<model::CoreComplex> complex_;
    std::vector<std::unique_ptr<model::Core>> cores_;
    std::array<uint64_t, static_cast<size_t>(Stub::count)> stub_at_{};
};

}  // namespace stile::codoms_fuzz
