// SPDX-License-Identifier: Apache-2.0
//
// A Core as a SystemC module: it runs ahead as far as CoreComplex says that nobody can reach it, then lets
// SystemC's clock catch up, and with it the other cores. A halted core waits for its next event or a message.
// Two initiator sockets: `memory` for lines that leave the first-level caches (through its private second
// level), `io` for device registers.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <exception>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "model/core/core.h"
#include "model/core/core_complex.h"
#include "model/statistics.h"
#include "model/systemc/cache_module.h"
#include "model/systemc/clock.h"
#include "model/systemc/line_request.h"
#include "model/timing/lower_memory.h"
#include "model/timing/snoop.h"

namespace stile::model {

class CoreModule;
class StateArchive;

// What the cores of a machine share while they take turns.
struct Turns {
    explicit Turns(const MachineConfig& config) : complex(config) {}
    // Pauses the simulation if every core has got to where it was to run, or sleeps for ever.
    void pause_if_done() const;

    CoreComplex complex;
    std::vector<CoreModule*> cores;
    CoreModule* running = nullptr;
    CoreModule* ended = nullptr;  // the first that stopped for another reason than time
};

class CoreModule : public sc_core::sc_module,
                   public MmioPort,
                   public LowerMemory,
                   public SnoopTarget,
                   public StatisticsSource,
                   public StateSource {
  public:
    // `config` is the machine's; the core takes what is its own (MachineConfig::for_core).
    CoreModule(sc_core::sc_module_name name, const MachineConfig& config, PhysicalMemory& memory,
               Turns& turns, Observer* observer, unsigned id);

    tlm_utils::simple_initiator_socket<CoreModule> io{"io"};
    // Below the private second level.
    auto& memory() { return l2_.below; }

    Core& core() { return core_; }
    const Core& core() const { return core_; }
    // Before sc_start: run until the clock shows `until`, in reference cycles. When all cores are there, or
    // one stops for another reason, the simulation pauses.
    void go(Cycles until);
    bool done() const { return !wanted_ || asleep_; }
    bool asleep() const { return asleep_; }  // for ever, unless a message comes
    Stop stopped() const { return stopped_; }
    std::string reason() const { return stuck_.empty() ? core_.stop_reason() : stuck_; }
    // A message for this core has been sent.
    void notice() { message_.notify(sc_core::SC_ZERO_TIME); }
    // A sleeping core's clock, when the machine stops.
    void let_time_pass();
    // Between two runs, when the machine stands still: no process of it waits for anything but go().
    void stand_still();
    void archive(StateArchive& a);
    // Throws what an observer threw while the core ran, if it did.
    void rethrow();

    bool mmio_read(uint64_t paddr, void* out, unsigned bytes) override;
    bool mmio_write(uint64_t paddr, const void* in, unsigned bytes) override;
    LineReply access(uint64_t paddr, unsigned bytes, LineRequest request, Cycles at) override;
    SnoopReply snoop(uint64_t paddr, Snoop what) override;
    void statistics(StatisticsSink& sink) const override;
    std::string state() const override;

  private:
    void end_of_elaboration() override;
    void make_timing();
    void run();
    void run_ahead();
    void sleep();
    void catch_up();
    void end();
    void watch();
    bool device(tlm::tlm_command command, uint64_t paddr, void* data, unsigned bytes,
                sc_core::sc_time& delay);

    const MachineConfig config_;
    const Clock clock_;
    Turns& turns_;
    tlm_utils::simple_initiator_socket<CoreModule> to_l2_{"to_l2"};
    CacheModule l2_;
    Core core_;
    LinePayload line_;
    tlm::tlm_generic_payload register_access_;
    sc_core::sc_event go_;
    bool wanted_ = false;  // a notification from before the first sc_start reaches nobody
    Cycles until_ = 0;
    Stop stopped_ = Stop::until;
    std::exception_ptr failure_;
    sc_core::sc_event message_;
    bool asleep_ = false;
    // The watchdog: when something retired last.
    uint64_t retired_ = 0;
    Cycles retired_at_ = 0;
    std::string stuck_;
};

}  // namespace stile::model
