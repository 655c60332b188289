// SPDX-License-Identifier: Apache-2.0
//
// A cache between the core and memory: Cache (tags) behind TLM-2.0 sockets. Blocking transport with annotated
// delay; nothing waits. A size of 0 makes a wire.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>

#include "model/statistics.h"
#include "model/systemc/clock.h"
#include "model/systemc/line_request.h"
#include "model/timing/cache.h"

namespace stile::model {

class CacheModule : public sc_core::sc_module, public StatisticsSource {
  public:
    CacheModule(sc_core::sc_module_name name, const CacheConfig& config, const Clock& clock);

    tlm_utils::simple_target_socket<CacheModule> above{"above"};
    tlm_utils::simple_initiator_socket<CacheModule> below{"below"};

    void statistics(StatisticsSink& sink) const override;

  private:
    void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
        return below->get_direct_mem_ptr(payload, dmi);
    }
    unsigned debug(tlm::tlm_generic_payload& payload) { return below->transport_dbg(payload); }
    void write_back(uint64_t line, const sc_core::sc_time& at);

    Cache cache_;
    sc_core::sc_time latency_;
    LinePayload request_;
    uint64_t accesses_ = 0, misses_ = 0, writebacks_ = 0;
};

}  // namespace stile::model
