// SPDX-License-Identifier: Apache-2.0
//
// One core: executes guest code block by block and keeps its own clock. Everything of the machine that is
// not RAM or a device register is inside. How instructions are executed is in model/core/exec/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/core/cpu_state.h"
#include "model/core/local_apic.h"
#include "model/core/mmu.h"
#include "model/core/observer.h"
#include "model/memory/physical_memory.h"
#include "model/protection/protection.h"
#include "model/timing/timing.h"

namespace stile::model {

class StateArchive;
struct CpuidQuestion;

enum class Stop : uint8_t {
    until,         // the clock reached what run() was given
    power_off,     // request_stop(Stop::power_off)
    idle_forever,  // halted, and nothing that could wake it
    halted,        // halted or not started, on a machine with several cores: see next_action()
    synchronise,   // the other cores are to catch up before it goes on
    stuck,         // awake for MachineConfig::watchdog and retired nothing
    triple_fault,  // a fault while delivering a double fault; stop_reason() says where
    requested      // request_stop()
};

class CoreComplex;

class Core {
  public:
    // Without a timing model, or with set_model(CoreModel::functional), an instruction takes one cycle.
    Core(const MachineConfig& config, PhysicalMemory& memory, MmioPort& mmio, Observer* observer,
         std::unique_ptr<Timing> timing, unsigned id = 0);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // Runs whole blocks until the clock reaches `until`. How a run is cut into calls changes no result
    // of one core; of several it is part of how they take turns.
    Stop run(Cycles until);
    // May be called from any callback (device, observer): run() returns at the end of the running block.
    void request_stop(Stop why = Stop::requested);
    std::string stop_reason() const;

    Cycles now() const;
    unsigned id() const;

    // One of several cores (model/core/core_complex.h): run() returns Stop::halted where it would wait, and
    // Stop::synchronise where others should catch up.
    void join(CoreComplex& complex);
    // With what registers INIT and start-up messages make it start; `waits`: it begins by waiting for them.
    void set_start(const CpuState& state, bool waits);
    bool halted() const;
    // When it does something next, in reference cycles: its clock, or when it will wake; LocalApic::never.
    Cycles next_action() const;
    // Of a halted core: nothing happens until its clock shows `cycle`.
    void sleep_until(Cycles cycle);
    // run() returns at the end of the running block, so that the others catch up. No-op on a single core.
    void synchronise();
    LocalApic& apic();
    Cycles to_reference(Cycles cycles) const;    // of its own clock, rounded down
    Cycles from_reference(Cycles cycles) const;  // rounded up
    // Registers may be changed freely between calls of run(). RFLAGS is not in CpuState as a whole: the
    // arithmetic flags are computed when somebody asks.
    CpuState& state();
    const CpuState& state() const;
    uint64_t rflags() const;
    void set_rflags(uint64_t value);

    Counters& counters();
    const Counters& counters() const;
    Mmu& mmu();
    Protection& protection();
    PhysicalMemory& memory();
    const MachineConfig& config() const;

    // A timing model that needs the core's counters is made after the core. Drops all translated code.
    void set_timing(std::unique_ptr<Timing> timing);
    Timing* timing();
    // Takes effect at the next block. Drops all translated code.
    void set_model(CoreModel model);
    CoreModel model() const;
    // Observer::store for every store from the next instruction on.
    void watch_stores(bool on);

    // All that software can see, at a boundary between calls of run(). Reading makes the core anew: everything
    // that it only remembered is gone, it has no timing model and runs the one of its configuration, and
    // references to its parts are no longer good.
    void archive(StateArchive& a);
    // Did software see what the APL cache is like?
    bool apl_cache_seen() const;
    // What CPUID was asked, as plain_question() puts it.
    std::vector<CpuidQuestion> cpuid_asked() const;

    // Registers, current code and the last blocks, for a human.
    std::string dump() const;

    struct Impl;
    Impl& impl() { return *impl_; }  // for tests that reach inside (core_impl.h)

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace stile::model
