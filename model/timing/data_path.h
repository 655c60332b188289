// SPDX-License-Identifier: Apache-2.0
//
// A core's first-level data cache as a pipeline sees it: when is the data there? Misses are outstanding in
// fill buffers while the pipeline goes on; stores wait in a store buffer and reach the cache in program
// order. Prefetches take fill buffers too, and are dropped when there is none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core/counters.h"
#include "model/timing/cache.h"
#include "model/timing/l1_prefetcher.h"
#include "model/timing/lower_memory.h"
#include "model/timing/miss_registers.h"
#include "model/timing/snoop.h"

namespace stile::model {

class DataPath {
  public:
    // A store takes its line out of the instruction cache, where there is one.
    DataPath(const MachineConfig& config, LowerMemory& lower, Counters& counters, Cache* code = nullptr);

    static constexpr unsigned nobody = ~0u;

    // The loads that follow are of the block at this address.
    void in_block(uint64_t vaddr) { block_ = vaddr; }
    // When the data of a load that starts at t is there. An access that leaves its line does the rest a cycle
    // later. `insn`: which instruction of the block, for the prefetcher.
    Cycles load(uint64_t paddr, unsigned bytes, Cycles t, unsigned insn = nobody) {
        const Cycles ready = load_line(paddr, t, insn);
        if (cache_.line_of(paddr) == cache_.line_of(paddr + bytes - 1)) [[likely]]
            return ready;
        return std::max(ready, load_line(paddr + bytes - 1, t + 1, insn));
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

    // What the directory asks.
    SnoopReply snoop(uint64_t paddr, Snoop what);
    // The instruction cache fetches this line: a later store must ask, and so finds that copy.
    void share_with_code(uint64_t paddr) { cache_.change(paddr, Cache::shared, 0); }

    const Cache& cache() const { return cache_; }
    Cycles drained() const { return drained_; }  // when the last store so far is in the cache
    Cycles hit_latency() const { return latency_; }

  private:
    struct Fill {
        uint64_t line = ~0ull;
        Cycles ready = 0;
    };

    Cycles load_line(uint64_t paddr, Cycles t, unsigned insn) {
        ++counters_.l1d_accesses;
        if (!cache_.hit(paddr, false)) [[unlikely]]
            return attend(paddr, t, false, insn);
        const Cycles ready = t + latency_;
        return ready < last_fill_ ? std::max(ready, pending(paddr)) : ready;
    }
    Cycles store_line(uint64_t paddr, Cycles known, Cycles t) {
        ++counters_.l1d_accesses;
        Cycles in_cache = t;
        if (!cache_.hit(paddr, true)) [[unlikely]]
            in_cache = std::max(t, attend(paddr, known, true, nobody));
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
    Cycles attend(uint64_t paddr, Cycles t, bool write, unsigned insn);
    Cycles use_prefetched(uint64_t paddr, Cycles t);
    Cycles pending(uint64_t paddr) const;
    Cycles request(uint64_t paddr, bool write, bool present, Cycles at);
    void prefetch(uint64_t paddr, Cycles at);
    void bring_in(uint64_t line, uint64_t marks, Cycles at);
    uint64_t read_as(uint64_t line, const LineReply& reply) const;
    void train(uint64_t paddr, unsigned insn, Cycles at);
    void fill(uint64_t line, Cycles ready);

    Cache cache_;
    Cache* const code_;
    Cycles latency_;
    LowerMemory& lower_;
    Counters& counters_;
    L1Prefetcher prefetcher_;
    uint64_t block_ = 0;
    MissRegisters buffers_;
    std::vector<Fill> fills_;  // what is in them
    Cycles last_fill_ = 0;
    std::vector<Cycles> stores_;  // when each of the last stores left the buffer
    size_t next_store_ = 0;
    Cycles drained_ = 0;
};

}  // namespace stile::model
