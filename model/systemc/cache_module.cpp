// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/cache_module.h"

namespace stile::model {

CacheModule::CacheModule(sc_core::sc_module_name name, const CacheConfig& config, const Clock& clock)
    : sc_module(name), cache_(sc_module::basename(), config), latency_(clock.time(config.latency)) {
    above.register_b_transport(this, &CacheModule::transport);
    above.register_get_direct_mem_ptr(this, &CacheModule::direct);
    above.register_transport_dbg(this, &CacheModule::debug);
}

void CacheModule::transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    auto* const extension = payload.get_extension<LineExtension>();
    if (!extension || !cache_.present()) return below->b_transport(payload, delay);
    const uint64_t paddr = payload.get_address();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    if (extension->request == LineRequest::writeback) {
        // Nobody waits for it. A line that is no longer here (the levels do not include each other) comes
        // back.
        ++writebacks_;
        if (cache_.hit(paddr, true)) return;
        if (const uint64_t victim = cache_.fill(paddr, true); victim != Cache::no_line)
            write_back(victim, extension->start + delay);
        return;
    }
    ++accesses_;
    delay += latency_;
    // Ownership is asked for by the level above, whose write-back will make the line dirty here.
    if (cache_.hit(paddr, false)) return;
    ++misses_;
    sc_core::sc_time below_delay = sc_core::SC_ZERO_TIME;
    below->b_transport(
        request_.about(paddr, payload.get_data_length(), extension->request, extension->start + delay),
        below_delay);
    extension->exclusive = request_.exclusive();
    delay += below_delay;
    if (const uint64_t victim = cache_.fill(paddr, false); victim != Cache::no_line)
        write_back(victim, extension->start + delay);
}

void CacheModule::write_back(uint64_t line, const sc_core::sc_time& at) {
    sc_core::sc_time nobody_waits = sc_core::SC_ZERO_TIME;
    below->b_transport(
        request_.about(line, static_cast<unsigned>(cache_.line_bytes()), LineRequest::writeback, at),
        nobody_waits);
}

void CacheModule::statistics(StatisticsSink& sink) const {
    sink.count("accesses", accesses_, "count", "lines asked for by the level above");
    sink.count("misses", misses_, "count", "lines asked for that were not here");
    sink.count("writebacks", writebacks_, "count", "dirty lines received from the level above");
}

}  // namespace stile::model
