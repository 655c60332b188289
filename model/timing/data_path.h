// SPDX-License-Identifier: Apache-2.0
//
// A core's first-level data cache as a pipeline sees it: when is the data there? Misses are outstanding in
// fill buffers while the pipeline goes on; stores wait in a store buffer and reach the cache in program
// order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/timing/cache.h"
#include "model/timing/lower_memory.h"

namespace stile::model {

class DataPath {
  public:
    DataPath(const MachineConfig& config, LowerMemory& lower, Counters& counters);

    // When the data of a load that starts at t is there. An access that leaves its line does the rest a cycle
    // later.
    Cycles load(uint64_t paddr, unsigned bytes, Cycles t) {
        const Cycles ready = load_line(paddr, t);
        if (cache_.line_of(paddr) == cache_.line_of(paddr + bytes - 1)) [[likely]]
            return ready;
        return std::max(ready, load_line(paddr + bytes - 1, t + 1));
    }
    // When a store that is ready at t may leave the pipeline: at once, unless the store buffer is full.
    Cycles store(uint64_t paddr, unsigned bytes, Cycles t) { return store(paddr, bytes, t, t); }
    // Likewise of a store whose line is asked for at `known`, before it leaves the pipeline at t.
    Cycles store(uint64_t paddr, unsigned bytes, Cycles known, Cycles t) {
        t = store_line(paddr, known, t);
        if (cache_.line_of(paddr) == cache_.line_of(paddr + bytes - 1)) [[likely]]
            return t;
        return store_line(paddr + bytes - 1, known, t);
    }
    // When the store buffer has room for one more.
    Cycles buffer_free() const { return stores_[next_store_]; }
    // A posted write that takes `cycles` beyond the cache.
    Cycles post(Cycles t, Cycles cycles) { return enqueue(t, std::max(t, drained_) + cycles); }
    // All lines of a run of bytes from t on, as a rep-string instruction does, `overlap` misses at a time;
    // returns the sum of the misses' latencies beyond a hit.
    Cycles stream(uint64_t paddr, uint64_t bytes, bool write, Cycles t, Cycles overlap);

    Cycles drained() const { return drained_; }  // when the last store so far is in the cache
    Cycles hit_latency() const { return latency_; }

  private:
    struct Fill {
        uint64_t line = ~0ull;
        Cycles ready = 0;
    };

    Cycles load_line(uint64_t paddr, Cycles t) {
        ++counters_.l1d_accesses;
        if (!cache_.hit(paddr, false)) [[unlikely]]
            return miss(paddr, t, false);
        const Cycles ready = t + latency_;
        return ready < last_fill_ ? std::max(ready, pending(paddr)) : ready;
    }
    Cycles store_line(uint64_t paddr, Cycles known, Cycles t) {
        ++counters_.l1d_accesses;
        Cycles in_cache = t;
        if (!cache_.hit(paddr, true)) [[unlikely]]
            in_cache = std::max(t, miss(paddr, known, true));
        else if (t < last_fill_)
            in_cache = std::max(t, pending(paddr));
        return enqueue(t, std::max(in_cache, drained_) + 1);
    }
    Cycles enqueue(Cycles t, Cycles done) {
        drained_ = done;
        Cycles& slot = stores_[next_store_];
        next_store_ = next_store_ + 1 == stores_.size() ? 0 : next_store_ + 1;
        t = std::max(t, slot);
        slot = done;
        return t;
    }
    Cycles miss(uint64_t paddr, Cycles t, bool write);
    Cycles pending(uint64_t paddr) const;
    Cycles request(uint64_t paddr, bool write, Cycles at);

    Cache cache_;
    Cycles latency_;
    LowerMemory& lower_;
    Counters& counters_;
    std::vector<Fill> fills_;
    Cycles last_fill_ = 0;
    std::vector<Cycles> stores_;  // when each of the last stores left the buffer
    size_t next_store_ = 0;
    Cycles drained_ = 0;
};

}  // namespace stile::model
