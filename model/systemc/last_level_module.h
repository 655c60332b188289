// SPDX-License-Identifier: Apache-2.0
//
// The last level: a cache that the cores share, a port for each of them, miss registers, write-back buffers,
// and the directory that keeps the private caches coherent. With a single core there is no directory and
// nobody to ask. A size of 0 makes a directory without a cache.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>
#include <vector>

#include "model/statistics.h"
#include "model/systemc/clock.h"
#include "model/systemc/line_request.h"
#include "model/timing/cache.h"
#include "model/timing/directory.h"
#include "model/timing/miss_registers.h"
#include "model/timing/slots.h"

namespace stile::model {

class LastLevelModule : public sc_core::sc_module, public StatisticsSource, public StateSource {
  public:
    LastLevelModule(sc_core::sc_module_name name, const CacheConfig& config, const CoherenceConfig& coherence,
                    const Clock& clock);

    tlm_utils::multi_passthrough_target_socket<LastLevelModule> above{"above"};
    tlm_utils::simple_initiator_socket<LastLevelModule> below{"below"};
    // Binds a core's private side; in the order of the cores.
    template <class Socket>
    void attach(Socket& socket, SnoopTarget& core) {
        if (cores_.size() == Directory::most_cores) throw std::invalid_argument("at most 64 cores");
        socket.bind(above);
        cores_.push_back(&core);
        ports_.emplace_back(interval_);
    }

    const OuterCache& cache() const { return cache_; }
    const Directory& directory() const { return directory_; }
    void statistics(StatisticsSink& sink) const override;
    std::string state() const override;

  private:
    void transport(int core, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool direct(int, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
        return below->get_direct_mem_ptr(payload, dmi);
    }
    unsigned debug(int, tlm::tlm_generic_payload& payload) { return below->transport_dbg(payload); }
    Ticks serve(unsigned core, uint64_t line, LineExtension& request, Ticks at);
    Directory::Verdict consult(unsigned core, uint64_t line, LineRequest request);
    Ticks fetch(uint64_t line, LineRequest request, Ticks at);
    Ticks bring_in(uint64_t line, uint64_t mark, Ticks at);
    Ticks take_back(uint64_t line, Ticks at);
    SnoopReply recall(uint64_t line);
    unsigned bytes() const { return static_cast<unsigned>(cache_.line_bytes()); }

    OuterCache cache_;
    const bool inclusive_;
    const Ticks latency_, interval_, snoop_latency_, dirty_latency_;
    std::vector<SnoopTarget*> cores_;
    std::vector<Slots> ports_;
    MissRegisters misses_under_way_, write_buffers_;
    Directory directory_;
    LinePayload request_;
    uint64_t accesses_ = 0, misses_ = 0, upgrades_ = 0, writebacks_ = 0, port_waits_ = 0, mshr_waits_ = 0,
             write_waits_ = 0, snoops_ = 0, snoops_clean_ = 0, snoops_dirty_ = 0, recalls_ = 0, recalled_ = 0;
};

}  // namespace stile::model
