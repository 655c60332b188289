// SPDX-License-Identifier: Apache-2.0
//
// The page walker: reads the guest's real page tables, through the data cache, to find out what a TLB miss
// costs. Paging-structure caches hold the tables' addresses (Intel SDM vol. 3, 4.10.3), so that a warm walk
// is one access.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core/mem_log.h"
#include "model/memory/physical_memory.h"
#include "model/timing/data_path.h"
#include "model/timing/tlb.h"

namespace stile::model {

class Walker {
  public:
    Walker(const WalkerConfig& config, const PhysicalMemory& memory, DataPath& path);

    struct Result {
        Cycles done = 0;
        PageKind kind;
    };
    // A miss at t; it waits for a walker.
    Result walk(uint64_t vaddr, uint64_t cr3, unsigned pcid, Cycles t);
    // Reads of the APL directory, each of which needs the one before (docs/codoms.md, 3). The page walkers do
    // them (our choice).
    Cycles walk_apl(const AplWalk& walk, Cycles t);
    void flush(unsigned pcid);
    void flush();

  private:
    Result read_tables(uint64_t vaddr, uint64_t cr3, unsigned pcid, Cycles t);

    // A few entries, most recently used first: key (address bits and PCID) -> table of the next level.
    class TableCache {
      public:
        explicit TableCache(unsigned entries) : capacity_(entries) {}
        bool find(uint64_t key, uint64_t& table);
        void add(uint64_t key, uint64_t table);
        void flush(unsigned pcid);
        void flush() { entries_.clear(); }

      private:
        struct Entry {
            uint64_t key, table;
        };
        size_t capacity_;
        std::vector<Entry> entries_;
    };
    TableCache& of_level(unsigned level) { return caches_[level - 2]; }

    Cycles latency_;
    std::vector<Cycles> free_;  // of each walker: when its last walk ends
    const PhysicalMemory& memory_;
    DataPath& path_;
    std::array<TableCache, 3> caches_;  // by the entry's level: PDE, PDPTE, PML4E
};

}  // namespace stile::model
