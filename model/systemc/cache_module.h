// SPDX-License-Identifier: Apache-2.0
//
// A core's private second level: Cache (tags), a port, miss registers, write-back buffers and prefetchers
// behind TLM-2.0 sockets. Blocking transport with annotated delay; nothing waits. Neither inclusive nor
// exclusive of the first level. A size of 0 makes a wire.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>
#include <vector>

#include "model/statistics.h"
#include "model/systemc/clock.h"
#include "model/systemc/line_request.h"
#include "model/timing/cache.h"
#include "model/timing/l2_prefetcher.h"
#include "model/timing/miss_registers.h"
#include "model/timing/slots.h"
#include "model/timing/snoop.h"

namespace stile::model {

class CacheModule : public sc_core::sc_module,
                    public SnoopTarget,
                    public StatisticsSource,
                    public StateSource {
  public:
    CacheModule(sc_core::sc_module_name name, const CacheConfig& config, const L2PrefetchConfig& prefetch,
                const Clock& clock);

    tlm_utils::simple_target_socket<CacheModule> above{"above"};
    tlm_utils::simple_initiator_socket<CacheModule> below{"below"};

    // Of this level alone; the first level is asked by who knows it.
    SnoopReply snoop(uint64_t paddr, Snoop what) override;
    const OuterCache& cache() const { return cache_; }
    void statistics(StatisticsSink& sink) const override;
    std::string state() const override;

  private:
    struct Wish {
        uint64_t line;
        Ticks at;
    };
    struct Fetched {
        Ticks there;
        bool exclusive, asked;
    };

    void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
        return below->get_direct_mem_ptr(payload, dmi);
    }
    unsigned debug(tlm::tlm_generic_payload& payload) { return below->transport_dbg(payload); }
    Ticks serve(uint64_t line, LineExtension& request, Ticks at);
    void observe(uint64_t line, bool missed, Ticks at);
    Ticks use_prefetched(uint64_t line, Ticks at);
    Fetched fetch(uint64_t line, LineRequest request, uint64_t mark, Ticks at);
    void take_back(uint64_t line, Ticks at);
    Ticks write_back(uint64_t line, Ticks at);
    void send_prefetches();
    unsigned bytes() const { return static_cast<unsigned>(cache_.line_bytes()); }

    OuterCache cache_;
    const Ticks latency_;
    Slots port_;
    MissRegisters misses_under_way_, write_buffers_;
    L2Prefetcher prefetcher_;
    std::vector<Wish> wishes_;
    LinePayload request_;
    uint64_t accesses_ = 0, misses_ = 0, upgrades_ = 0, writebacks_ = 0, port_waits_ = 0, mshr_waits_ = 0,
             write_waits_ = 0, prefetches_ = 0, useful_ = 0, late_ = 0, dropped_ = 0;
};

}  // namespace stile::model
