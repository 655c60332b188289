// SPDX-License-Identifier: Apache-2.0
//
// The insides of Core, shared by its source files:
//   core.cpp        the public face
//   run.cpp         from block to block: clock, accounting, interrupts
//   transfer.cpp    which block comes next: fetch, domain crossings, translation, self-modifying code
//   exceptions.cpp  delivery through the IDT
//   core_archive.cpp  what a checkpoint holds
//   msr.cpp, cpuid.cpp, local_apic.*, segments.cpp
// and used by those handlers (exec/) that need more than registers and memory.
//
// Boundaries. Between two blocks, s.rip is where execution goes on, and s.cd.latch says how control got there
// if the first fetch has yet to be checked. Everything that depends on time (interrupts, run(until), halting)
// happens at boundaries and depends on the cycle count alone.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "isa/translate.h"
#include "model/core/block_cache.h"
#include "model/core/core.h"
#include "model/core/cpuid.h"
#include "model/core/exec/chain.h"
#include "model/core/exec/exec.h"
#include "model/core/exec/handlers.h"
#include "model/core/local_apic.h"

namespace stile::model {

struct Core::Impl final : Exec {
    Impl(Core& self, const MachineConfig& config, PhysicalMemory& memory, MmioPort& mmio, Observer* observer,
         std::unique_ptr<Timing> timing, unsigned id);
    ~Impl();

    void archive(StateArchive& a);  // core_archive.cpp

    // --- run.cpp
    Stop run(Cycles until);
    void execute(Block* b);
    void account(Block& b, unsigned instructions, unsigned uops);
    void settle();  // Exec::spent into the counters; before anybody reads them
    void set_limit();
    void spend(BlockCost cost, Phase phase) {
        if (in_tick) phase = Phase::other;
        counters.cycles += cost.total;
        counters.phase[static_cast<size_t>(phase)] += cost.total - cost.refill;
        counters.phase[static_cast<size_t>(in_tick ? Phase::other : Phase::refill)] += cost.refill;
    }
    void hardware_event(isa::OpClass cls, Phase phase);
    void on_marker(const Uop& u);
    void refuse_target(const Block& b);
    bool wait_for_interrupt(Cycles until);
    void wake();
    void take_messages();
    Cycles wake_time() const;  // in its own cycles; LocalApic::never: nothing known
    void wait_until(Cycles cycle);
    bool has_company() const { return complex != nullptr; }
    void tell_halted();
    void single_step_trap(unsigned ring);
    void adopt_model();
    void use_store_buffer(bool on);
    Mode mode() const { return buffer ? Mode::buffered : timed() ? Mode::timed : Mode::functional; }
    bool timed() const { return active != nullptr; }

    // --- transfer.cpp
    void sync();  // after any change that decides about access: software TLB, generation, domain check
    void arrive_later();  // the block ends, s.rip := target: note in the latch how control gets there
    Block* enter(Fault& fault, bool single);
    Block* find_or_translate(const FetchPage& page, bool privileged, bool single, Fault& fault);
    Block* translate(const FetchPage& page, bool privileged, bool single, Fault& fault);
    std::unique_ptr<Block> make_block(const FetchPage& page, bool single, Fault& fault);
    void code_stored(uint64_t paddr, unsigned bytes);
    void drop_code(uint64_t paddr, unsigned bytes);
    void protect_code(uint64_t paddr);
    void drop_all_code();
    void forget_targets();  // some block is gone
    void choose_stamp();

    // --- exceptions.cpp
    void exception(const Fault& fault);
    void software_interrupt(const Fault& fault);
    void interrupt(unsigned vector);
    void non_maskable_interrupt();
    void set_ring(unsigned ring);  // with the latch copied or reloaded

    // --- msr.cpp, cpuid.cpp, segments.cpp. False: #GP(0), or `fault`
    bool read_msr(uint32_t index, uint64_t& value);
    bool write_msr(uint32_t index, uint64_t value);
    bool write_cr(unsigned n, uint64_t value);
    void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
    template <class Access>
    bool as_supervisor(Access access);
    bool read_descriptor(uint16_t selector, uint64_t& low, Fault& fault);
    bool mark_accessed(uint16_t selector, uint64_t low, Fault& fault);
    bool load_segment(unsigned segment, uint16_t selector, Fault& fault);
    bool load_task_register(uint16_t selector, Fault& fault);
    bool code_segment_for_return(uint16_t selector, Fault& fault);
    bool stack_segment_for_return(uint16_t selector, unsigned ring, Fault& fault);
    bool code_segment_for_jump(uint16_t selector, bool& gate, Fault& fault);
    void drop_inner_segments(unsigned ring);  // on the way out to `ring`
    enum class Query { rights, limit, readable, writable };
    bool query_descriptor(Query query, uint16_t selector, bool& visible, uint32_t& answer, Fault& fault);

    // A processor whose pages alone protect has neither CODOMs' instructions nor their registers.
    bool has_domains() const {
        return config.protection == ProtectionKind::codoms || config.protection == ProtectionKind::none;
    }
    bool has_keys() const { return config.protection == ProtectionKind::mpk; }

    bool walks_apls() const {
        return config.protection == ProtectionKind::codoms && config.apl_cache.refill == AplRefill::hardware;
    }

    uint64_t tsc() {
        settle();
        return to_reference(counters.cycles) + tsc_offset;
    }

    // Between its clock and the reference clock.
    Cycles to_reference(Cycles cycles) const {
        if (config.frequency == config.reference_frequency()) [[likely]]
            return cycles;
        return static_cast<Cycles>(static_cast<unsigned __int128>(cycles) * config.reference_frequency() /
                                   config.frequency);
    }
    Cycles from_reference(Cycles cycles) const {
        if (config.frequency == config.reference_frequency() || cycles == LocalApic::never) [[likely]]
            return cycles;
        const uint64_t reference = config.reference_frequency();
        return static_cast<Cycles>(
            (static_cast<unsigned __int128>(cycles) * config.frequency + reference - 1) / reference);
    }

    Core& self;
    const MachineConfig config;
    PhysicalMemory& memory;
    MmioPort& mmio;
    Observer* observer;
    const unsigned id;
    Counters counters;
    std::unique_ptr<Protection> protection;
    Mmu mmu_unit;
    LocalApic apic;
    CoreComplex* complex = nullptr;  // of several cores; else null
    CpuState start;                  // registers after INIT and start-up
    bool waits_for_start = false;
    bool nmi_blocked = false;  // from the delivery of an NMI to the next iret
    bool catch_up = false;     // synchronise() was called
    Cycles caught_up = ~0ull;  // the cycle at which run() last asked for that by itself

    // What the run loop reads between blocks.
    Cycles horizon = 0;  // look at the world when the clock gets here
    uint64_t generation = 0;
    bool check_domain = false;  // ring 3 with domain checks on
    bool halt_told = false;     // what the observer has heard of s.halted
    bool in_tick = false;       // from the delivery of a timer interrupt to STILE_MARK_K_TICK_END
    Timing* active = nullptr;   // timing->get() when the model is timed
    std::vector<Jump> jump_table;
    // Which stamp a generation has, and with domain checks a domain (none: -1). Forgotten when code is
    // dropped.
    struct Stamp {
        uint64_t generation = 0;
        int domain = -1;
        uint64_t stamp = 0;
    };
    std::array<Stamp, 64> stamps{};
    uint64_t last_stamp = 0;

    uint64_t from_rip = 0;        // the instruction that led to s.rip
    uint64_t saved_from_rip = 0;  // likewise for the transfer in s.cd.saved_latch; for messages only
    bool partly_done = false;     // Exit::before: the micro-op at `at` has done part of its work
    std::unique_ptr<Timing> timing;
    std::unique_ptr<StoreBuffer> store_buffer;  // Exec::buffer while it is in use
    CoreModel wanted, current;
    BlockCache cache;
    isa::Translator translator;
    // Told of each new block before it runs for the first time: where tests plant bugs.
    std::function<void(Block&)> translated;
    uint64_t tsc_offset = 0;
    static constexpr uint64_t dr_at_reset[8] = {0, 0, 0, 0, 0, 0, 0xffff0ff0, 0x400};
    uint64_t dr[8] = {0, 0, 0, 0, 0, 0, 0xffff0ff0, 0x400};

    std::set<CpuidQuestion> cpuid_asked;  // so far

    bool stop_requested = false, broken = false;
    Stop why = Stop::requested;
    std::string reason;
    static constexpr unsigned remembered = 16;
    std::array<uint64_t, remembered> trail{};  // blocks entered by lookup, for dump()
    unsigned trail_at = 0;
};

inline Core::Impl& impl_of(Exec& x) { return static_cast<Core::Impl&>(x); }

// Of a micro-op whose class its operands decide.
inline void variant(Exec& x, const Uop* u, isa::OpClass cls) {
    const Core::Impl& core = impl_of(x);
    if (core.active) core.active->variant(static_cast<unsigned>(u - core.block->first), cls);
}

}  // namespace stile::model
