// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/last_level_module.h"

#include <fmt/format.h>

#include <algorithm>

namespace stile::model {

LastLevelModule::LastLevelModule(sc_core::sc_module_name name, const CacheConfig& config,
                                 const CoherenceConfig& coherence, const Clock& clock)
    : sc_module(name),
      cache_(sc_module::basename(), config),
      inclusive_(coherence.inclusion == Inclusion::inclusive && config.size != 0),
      latency_(config.size ? clock.time(config.latency).value() : 0),
      interval_(clock.time(config.interval).value()),
      snoop_latency_(clock.time(coherence.snoop_latency).value()),
      dirty_latency_(clock.time(coherence.dirty_latency).value()),
      misses_under_way_(config.mshrs),
      write_buffers_(config.write_buffers),
      directory_(config.line) {
    above.register_b_transport(this, &LastLevelModule::transport);
    above.register_get_direct_mem_ptr(this, &LastLevelModule::direct);
    above.register_transport_dbg(this, &LastLevelModule::debug);
}

void LastLevelModule::transport(int core, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    auto* const request = payload.get_extension<LineExtension>();
    if (!request) return below->b_transport(payload, delay);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    const auto from = static_cast<unsigned>(core);
    const Ticks arrived = request->start + delay.value(), at = ports_[from].take(arrived);
    if (at > arrived) ++port_waits_;
    const uint64_t line = payload.get_address();
    const Ticks done = request->request == LineRequest::writeback ? take_back(line, at + latency_)
                                                                  : serve(from, line, *request, at);
    delay += sc_core::sc_time::from_value(done - arrived);
}

Directory::Verdict LastLevelModule::consult(unsigned core, uint64_t line, LineRequest request) {
    if (cores_.size() == 1) return {};
    const bool to_write = request == LineRequest::read_for_ownership || request == LineRequest::upgrade;
    const Directory::Verdict v = directory_.request(core, line, to_write, cores_);
    if (v.asked) {
        ++snoops_;
        if (v.dirty)
            ++snoops_dirty_;
        else if (v.found)
            ++snoops_clean_;
    }
    return v;
}

Ticks LastLevelModule::serve(unsigned core, uint64_t line, LineExtension& request, Ticks at) {
    const Directory::Verdict v = consult(core, line, request.request);
    request.exclusive = v.exclusive;
    request.asked = v.asked;
    const Ticks looked_up = at + latency_;
    const Ticks answered = looked_up + (v.dirty ? dirty_latency_ : v.asked ? snoop_latency_ : 0);
    if (request.request == LineRequest::upgrade) {
        ++upgrades_;
        // A prefetch that the same core sent just before may have cost it the line.
        if (!inclusive_ || cache_.find(line).present) return answered;
    }
    ++accesses_;
    if (request.counters) ++request.counters->llc_accesses;
    if (cache_.present() && cache_.hit(line, false)) {
        if (v.dirty) cache_.change(line, Cache::dirty, 0);
        return misses_under_way_.arrival(line, answered);
    }
    ++misses_;
    if (request.counters) ++request.counters->llc_misses;
    // What another core had modified comes from there, and to this level too.
    if (v.dirty) return std::max(answered, bring_in(line, Cache::dirty, looked_up));
    return std::max(answered, fetch(line, request.request, looked_up));
}

Ticks LastLevelModule::fetch(uint64_t line, LineRequest request, Ticks at) {
    const Ticks start = misses_under_way_.room(at);
    if (start > at) ++mshr_waits_;
    const Ticks there = request_.send(below, line, bytes(), request, start);
    misses_under_way_.hold(line, there);
    return std::max(there, bring_in(line, Cache::clean, start));
}

// Returns when there was room for what had its place.
Ticks LastLevelModule::bring_in(uint64_t line, uint64_t mark, Ticks at) {
    if (!cache_.present()) {
        if (mark & Cache::dirty) request_.send(below, line, bytes(), LineRequest::writeback, at);
        return at;
    }
    const Cache::Victim victim = cache_.insert(line, mark);
    if (victim.line == Cache::no_line) return at;
    const bool modified_above = inclusive_ && recall(victim.line).dirty;
    if (!victim.dirty && !modified_above) return at;
    const Ticks start = write_buffers_.room(at);
    if (start > at) ++write_waits_;
    write_buffers_.hold(victim.line,
                        request_.send(below, victim.line, bytes(), LineRequest::writeback, start));
    return start;
}

// A modified line comes from a private cache; returns when it is here.
Ticks LastLevelModule::take_back(uint64_t line, Ticks at) {
    ++writebacks_;
    if (cache_.change(line, Cache::dirty, 0)) {
        cache_.use(line);
        return at;
    }
    return bring_in(line, Cache::dirty, at);
}

// What leaves an inclusive level leaves the private caches.
SnoopReply LastLevelModule::recall(uint64_t line) {
    ++recalls_;
    const SnoopReply reply =
        cores_.size() == 1 ? cores_.front()->snoop(line, Snoop::invalidate) : directory_.recall(line, cores_);
    recalled_ += reply.present;
    return reply;
}

void LastLevelModule::statistics(StatisticsSink& sink) const {
    const auto count = [&sink](const char* name, uint64_t value, const char* description) {
        sink.count(name, value, "count", description);
    };
    count("accesses", accesses_, "lines asked for by the level above");
    count("misses", misses_, "lines asked for that were not here");
    count("upgrades", upgrades_, "requests for the right to write to a shared line");
    count("writebacks", writebacks_, "dirty lines received from the level above");
    count("port_waits", port_waits_, "requests that waited for their core's port");
    count("mshr_waits", mshr_waits_, "misses that waited for a miss register");
    count("write_waits", write_waits_, "dirty lines that waited for a write-back buffer");
    count("snoops", snoops_, "requests for which other cores were asked");
    count("snoops_clean", snoops_clean_, "of them, found in another core, not modified");
    count("snoops_dirty", snoops_dirty_, "of them, found modified in another core");
    count("recalls", recalls_, "evictions for which the private caches were asked: inclusion");
    count("recalled", recalled_, "of them, found in a private cache");
}

std::string LastLevelModule::state() const {
    if (!cache_.present()) return "absent\n";
    const Ticks now = sc_core::sc_time_stamp().value();
    return fmt::format("{}; on their way: {} misses, {} write-backs\n", cache_.occupancy(),
                       misses_under_way_.busy(now), write_buffers_.busy(now));
}

}  // namespace stile::model
