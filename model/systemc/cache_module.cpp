// SPDX-License-Identifier: Apache-2.0
#include "model/systemc/cache_module.h"

#include <fmt/format.h>

#include <algorithm>

namespace stile::model {

CacheModule::CacheModule(sc_core::sc_module_name name, const CacheConfig& config,
                         const L2PrefetchConfig& prefetch, const Clock& clock)
    : sc_module(name),
      cache_(sc_module::basename(), config),
      latency_(clock.time(config.latency).value()),
      port_(clock.time(config.interval).value()),
      misses_under_way_(config.mshrs),
      write_buffers_(config.write_buffers),
      prefetcher_(prefetch, config.line) {
    above.register_b_transport(this, &CacheModule::transport);
    above.register_get_direct_mem_ptr(this, &CacheModule::direct);
    above.register_transport_dbg(this, &CacheModule::debug);
}

void CacheModule::transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    auto* const request = payload.get_extension<LineExtension>();
    if (!request || !cache_.present()) return below->b_transport(payload, delay);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    request_.charge(request->counters);
    // What earlier requests gave rise to goes first. Not at once: the first level fills its own line only
    // when its request returns, and until then a prefetch might push the same line out of an inclusive last
    // level. Likewise before a line that comes back, which nobody has at this moment.
    if (!wishes_.empty() && request->request != LineRequest::writeback) send_prefetches();
    const Ticks arrived = request->start + delay.value(), at = port_.take(arrived);
    if (at > arrived) ++port_waits_;
    if (request->request == LineRequest::writeback) {
        take_back(payload.get_address(), at);
        delay += sc_core::sc_time::from_value(at - arrived);
        return;
    }
    const Ticks done = serve(payload.get_address(), *request, at);
    delay += sc_core::sc_time::from_value(done - arrived);
}

Ticks CacheModule::serve(uint64_t line, LineExtension& request, Ticks at) {
    ++accesses_;
    if (request.counters) ++request.counters->l2_accesses;
    const bool to_write =
        request.request == LineRequest::read_for_ownership || request.request == LineRequest::upgrade;
    Ticks done = at + latency_;
    if (cache_.plain_hit(line)) {
        if (prefetcher_.on()) observe(line, false, at);
        return misses_under_way_.arrival(line, done);
    }
    const Cache::Found found = cache_.find(line);
    if (found.is(Cache::prefetched)) done = use_prefetched(line, done);
    if (found.present && !(to_write && found.is(Cache::shared))) {
        // Whether it is written is known when the first level writes it back.
        cache_.use(line);
        done = misses_under_way_.arrival(line, done);
        request.exclusive = !found.is(Cache::shared);
    } else if (found.present || request.request == LineRequest::upgrade) {
        ++upgrades_;
        done = request_.send(below, line, bytes(), LineRequest::upgrade, done);
        request.asked = request_.reply().asked;
        if (found.present && cache_.change(line, 0, Cache::shared)) cache_.use(line);
    } else {
        ++misses_;
        if (request.counters) ++request.counters->l2_misses;
        const Fetched fetched = fetch(line, request.request, Cache::clean, done);
        done = fetched.there;
        request.exclusive = fetched.exclusive;
        request.asked = fetched.asked;
    }
    if (prefetcher_.on()) observe(line, !found.present, at);
    return done;
}

void CacheModule::observe(uint64_t line, bool missed, Ticks at) {
    prefetcher_.observe(line, missed, [&](uint64_t wish) { wishes_.push_back({wish, at + latency_}); });
}

Ticks CacheModule::use_prefetched(uint64_t line, Ticks at) {
    cache_.change(line, 0, Cache::prefetched);
    ++useful_;
    const Ticks there = misses_under_way_.arrival(line, at);
    if (there > at) ++late_;
    return there;
}

// Brings a line in. What had its place moves out of the way at once, if there is a buffer for it.
CacheModule::Fetched CacheModule::fetch(uint64_t line, LineRequest request, uint64_t mark, Ticks at) {
    const Ticks start = misses_under_way_.room(at);
    if (start > at) ++mshr_waits_;
    Fetched f{request_.send(below, line, bytes(), request, start), request_.reply().exclusive,
              request_.reply().asked};
    misses_under_way_.hold(line, f.there);
    const Cache::Victim victim = cache_.insert(line, mark | (f.exclusive ? Cache::clean : Cache::shared));
    if (victim.dirty) f.there = std::max(f.there, write_back(victim.line, start));
    return f;
}

// A modified line comes from the first level. If it is no longer here (the levels do not include each other),
// it comes back.
void CacheModule::take_back(uint64_t line, Ticks at) {
    ++writebacks_;
    if (cache_.change(line, Cache::dirty, Cache::prefetched)) return cache_.use(line);
    const Cache::Victim victim = cache_.insert(line, Cache::dirty);
    if (victim.dirty) write_back(victim.line, at);
}

// Returns when there was a buffer for it.
Ticks CacheModule::write_back(uint64_t line, Ticks at) {
    const Ticks start = write_buffers_.room(at);
    if (start > at) ++write_waits_;
    write_buffers_.hold(line, request_.send(below, line, bytes(), LineRequest::writeback, start));
    return start;
}

void CacheModule::send_prefetches() {
    for (const Wish& wish : wishes_) {
        if (cache_.find(wish.line).present) continue;
        if (misses_under_way_.room(wish.at) > wish.at) {
            ++dropped_;
            continue;
        }
        ++prefetches_;
        fetch(wish.line, LineRequest::prefetch, Cache::prefetched, wish.at);
    }
    wishes_.clear();
}

SnoopReply CacheModule::snoop(uint64_t paddr, Snoop what) {
    const Cache::Found found = what == Snoop::invalidate ? cache_.remove(paddr) : cache_.find(paddr);
    if (what == Snoop::share && found.present) cache_.change(paddr, Cache::shared, Cache::dirty);
    return {found.present, found.is(Cache::dirty)};
}

void CacheModule::statistics(StatisticsSink& sink) const {
    const auto count = [&sink](const char* name, uint64_t value, const char* description) {
        sink.count(name, value, "count", description);
    };
    count("accesses", accesses_, "lines asked for by the level above");
    count("misses", misses_, "lines asked for that were not here");
    count("upgrades", upgrades_, "shared lines for which the right to write was asked below");
    count("writebacks", writebacks_, "dirty lines received from the level above");
    count("port_waits", port_waits_, "requests that waited for the port");
    count("mshr_waits", mshr_waits_, "misses that waited for a miss register");
    count("write_waits", write_waits_, "dirty lines that waited for a write-back buffer");
    count("prefetches", prefetches_, "lines prefetched into this level by its own prefetchers");
    count("prefetches_useful", useful_, "prefetched lines that were used later");
    count("prefetches_late", late_, "of them, still on their way then");
    count("prefetches_dropped", dropped_, "prefetches for which no miss register was free");
}

std::string CacheModule::state() const {
    if (!cache_.present()) return "absent\n";
    const Ticks now = sc_core::sc_time_stamp().value();
    return fmt::format("{}; on their way: {} misses, {} write-backs\n", cache_.occupancy(),
                       misses_under_way_.busy(now), write_buffers_.busy(now));
}

}  // namespace stile::model
