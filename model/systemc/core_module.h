// SPDX-License-Identifier: Apache-2.0
//
// A Core as a SystemC module: it runs a quantum ahead, then lets SystemC's clock catch up. Two initiator
// sockets: `memory` for lines that leave the first-level caches (through its private second level), `io` for
// device registers.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <exception>
#include <systemc>
#include <tlm>

#include "model/core/core.h"
#include "model/statistics.h"
#include "model/systemc/cache_module.h"
#include "model/systemc/clock.h"
#include "model/systemc/line_request.h"
#include "model/timing/lower_memory.h"

namespace stile::model {

class CoreModule : public sc_core::sc_module, public MmioPort, public LowerMemory, public StatisticsSource {
  public:
    CoreModule(sc_core::sc_module_name name, const MachineConfig& config, PhysicalMemory& memory,
               const Clock& clock, Observer* observer, unsigned id);

    tlm_utils::simple_initiator_socket<CoreModule> io{"io"};
    // Below the private second level.
    auto& memory() { return l2_.below; }

    Core& core() { return core_; }
    const Core& core() const { return core_; }
    // Before sc_start: run until the clock shows `until` or the core stops; then the simulation pauses.
    void go(Cycles until);
    Stop stopped() const { return stopped_; }
    // Throws what an observer threw while the core ran, if it did.
    void rethrow();

    bool mmio_read(uint64_t paddr, void* out, unsigned bytes) override;
    bool mmio_write(uint64_t paddr, const void* in, unsigned bytes) override;
    LineReply access(uint64_t paddr, unsigned bytes, LineRequest request, Cycles at) override;
    void statistics(StatisticsSink& sink) const override;

  private:
    void end_of_elaboration() override;
    void run();
    void run_quantum();
    bool device(tlm::tlm_command command, uint64_t paddr, void* data, unsigned bytes,
                sc_core::sc_time& delay);

    const MachineConfig& config_;
    const Clock& clock_;
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
};

}  // namespace stile::model
