// SPDX-License-Identifier: Apache-2.0
//
// What the hardware is: plain values, fixed from construction on. Names follow the YAML keys below
// `machine:`; descriptions, ranges, units and sources stand where the keys are bound (sim/config/).
// Defaults are those of configs/machines/default.yaml: an Ivy-Bridge-class part.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "isa/uop.h"

namespace stile::model {

using Cycles = uint64_t;

enum class CoreModel { functional, inorder };
enum class ProtectionKind { none, paging, codoms };

struct CacheConfig {
    uint64_t size = 0;     // bytes; 0: the level does not exist
    unsigned ways = 8;
    unsigned line = 64;    // bytes
    Cycles latency = 4;    // load-to-use on a hit here, counted from the level above's miss
};

struct TlbConfig {
    unsigned entries = 64;
    unsigned ways = 4;
    Cycles latency = 0;    // added on a hit here; 0: hidden behind the cache access
};

struct AplCacheConfig {
    unsigned entries = 32;
    unsigned ways = 32;              // ways == entries: fully associative
    Cycles latency = 0;              // added to a crossing that hits; data checks hide behind the TLB
    std::string refill = "software";
};

struct MemoryConfig {
    uint64_t size = 256ull << 20;  // bytes
    Cycles latency = 200;          // last-level miss to data, core cycles
};

struct CoreConfig {
    CoreModel model = CoreModel::inorder;
    unsigned width = 2;                // instructions issued per cycle at most
    Cycles mispredict = 15;            // refill after a mispredicted branch
    unsigned predictor_entries = 4096; // two-bit counters
    unsigned btb_entries = 4096;
    unsigned ras_entries = 16;
    std::array<Cycles, static_cast<size_t>(isa::OpClass::count)> latency{};     // by class; set by defaults()
    std::array<Cycles, static_cast<size_t>(isa::OpClass::count)> throughput{};  // cycles the unit stays busy
};

struct MachineConfig {
    std::string name = "default";
    unsigned cores = 1;
    uint64_t frequency = 3'100'000'000;  // Hz
    CoreConfig core;
    CacheConfig l1i{32 << 10, 8, 64, 0}, l1d{32 << 10, 8, 64, 4}, l2{256 << 10, 8, 64, 8}, llc{8 << 20, 16, 64, 18};
    TlbConfig itlb{128, 4, 0}, dtlb{64, 4, 0}, stlb{512, 4, 7};
    AplCacheConfig apl_cache;
    MemoryConfig memory;
    ProtectionKind protection = ProtectionKind::codoms;
};

}  // namespace stile::model
