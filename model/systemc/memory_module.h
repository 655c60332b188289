// SPDX-License-Identifier: Apache-2.0
//
// RAM behind a TLM-2.0 socket: a DRAM controller's time, or one latency; reads and writes for whoever masters
// the bus, DMI for the core, and debug access.
#pragma once

#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>

#include "model/memory/physical_memory.h"
#include "model/statistics.h"
#include "model/systemc/clock.h"
#include "model/systemc/line_request.h"
#include "model/timing/dram.h"

namespace stile::model {

class MemoryModule : public sc_core::sc_module, public StatisticsSource {
  public:
    MemoryModule(sc_core::sc_module_name name, const MemoryConfig& config, const Clock& clock);

    tlm_utils::simple_target_socket<MemoryModule> socket{"socket"};
    PhysicalMemory& storage() { return storage_; }

    void statistics(StatisticsSink& sink) const override;

  private:
    void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    unsigned debug(tlm::tlm_generic_payload& payload);
    bool copy(tlm::tlm_generic_payload& payload);

    PhysicalMemory storage_;
    Ticks serve(uint64_t paddr, bool write, Ticks at);

    sc_core::sc_time latency_;  // zero: what dram_ makes it
    Dram dram_;
    uint64_t reads_ = 0, writes_ = 0;
};

}  // namespace stile::model
