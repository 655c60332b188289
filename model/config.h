// SPDX-License-Identifier: Apache-2.0
//
// What the hardware is: plain values, fixed from construction on. Names follow the YAML keys below
// `machine:`; descriptions, ranges, units and sources stand where the keys are bound (sim/config/).
// Defaults are those of configs/machines/default.yaml: an Ivy-Bridge-class part.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "isa/uop.h"
#include "model/protection/checks.h"

namespace stile::model {

using Cycles = uint64_t;

enum class CoreModel { functional, inorder, ooo };
inline const char* name_of(CoreModel m) {
    return m == CoreModel::functional ? "functional" : m == CoreModel::inorder ? "inorder" : "ooo";
}
// The first three as in enum stile_protection.
enum class ProtectionKind { none, paging, codoms, mpk };

// What protection keys forbid, each rule with a switch, so that one can see what it is for.
struct MpkChecks {
    bool access = true;      // AD: neither loads nor stores
    bool write = true;       // WD: no stores
    bool supervisor = true;  // ring 0 is refused user pages, too
    bool operator==(const MpkChecks&) const = default;
};

struct CacheConfig {
    uint64_t size = 0;  // bytes; 0: the level does not exist
    unsigned ways = 8;
    unsigned line = 64;  // bytes
    Cycles latency = 4;  // load-to-use on a hit here, counted from the level above's miss; for the
                         // first-level instruction cache: what every change of the fetch address costs
    // Of the levels below the first:
    Cycles interval = 0;          // from one line to the next through its port; 0: no limit
    unsigned mshrs = 16;          // misses on their way
    unsigned write_buffers = 16;  // modified lines on their way to the level below
};

// Of the last level with the private caches: does a line that leaves it leave them too?
enum class Inclusion { inclusive, none };

// The directory at the last level.
struct CoherenceConfig {
    Inclusion inclusion = Inclusion::inclusive;
    Cycles snoop_latency = 14;  // added where other cores are asked and have not modified the line
    Cycles dirty_latency = 31;  // added where another core has modified it
};

// Both are described in Intel's "Disclosure of Hardware Prefetcher Control"; how far and how often is ours.
struct L1PrefetchConfig {
    bool next_line = true, ip_stride = true;
};

struct L2PrefetchConfig {
    bool streamer = true, adjacent = true;
    unsigned streams = 32, distance = 20;  // pages followed; lines ahead
};

struct TlbConfig {
    unsigned entries = 64;
    unsigned ways = 4;
    Cycles latency = 0;          // added on a hit here; 0: hidden behind the cache access
    bool large_pages = true;     // are translations of 2 MiB pages kept?
    unsigned large_entries = 0;  // in an array of their own; 0: beside those of 4 KiB pages
    unsigned large_ways = 4;
};

enum class AplReplacement { lru, plru, fifo, random };
enum class AplRefill { software, hardware };

struct AplCacheConfig {
    unsigned entries = 32;
    unsigned ways = 32;  // ways == entries: fully associative
    AplReplacement replacement = AplReplacement::lru;
    unsigned ports = 2;  // lookups that can begin in a cycle
    Cycles latency = 0;  // from the tag of the page to the verdict; hidden behind the fetch and the cache
    AplRefill refill = AplRefill::software;
};

// Times are in clocks of the DRAM, with the names of the data sheet (tCL is cl), those of the controller in
// ns.
struct DramConfig {
    uint64_t frequency = 800'000'000;  // Hz: half the data rate
    unsigned channels = 2, banks = 8;
    uint64_t row = 8 << 10;  // bytes
    unsigned cl = 11, rcd = 11, rp = 11, ras = 28, rrd = 5, faw = 24, wr = 12, wtr = 6, rtp = 6, burst = 4;
    unsigned rfc = 208, refi = 6240;  // refi 0: no refresh
    unsigned write_queue = 32, write_batch = 16;
    uint64_t controller = 20;   // ns, on the way to and from the bank
    uint64_t idle_close = 200;  // ns after which an unused row is closed; 0: never
};

struct MemoryConfig {
    uint64_t size = 256ull << 20;  // bytes
    Cycles latency = 0;            // last-level miss to data; 0: what `dram` makes it
    DramConfig dram;
};

// Page walker and its paging-structure caches (fully associative); it reads tables through the data cache.
struct WalkerConfig {
    Cycles latency = 8;  // fixed part of a walk
    unsigned walkers = 1;  // walks at a time
    unsigned pml4_entries = 4, pdpt_entries = 4, pd_entries = 32;
};

using ClassTable = std::array<Cycles, static_cast<size_t>(isa::OpClass::count)>;
// Defaults with their sources: model/timing/latency_table.cpp.
ClassTable default_latencies();
ClassTable default_throughputs();

// In the notation of model/timing/ports.h; empty for what microcode makes.
using PortTable = std::array<std::string, static_cast<size_t>(isa::OpClass::count)>;
PortTable default_ports();

// By class, likewise.
using OpCounts = std::array<unsigned, static_cast<size_t>(isa::OpClass::count)>;
OpCounts default_uops();

// Of decoded micro-ops; model/timing/supply.h.
struct UopCacheConfig {
    unsigned entries = 1536;  // 0: there is none
    unsigned ways = 8;
    unsigned width = 4;  // micro-ops delivered per cycle
};

// What only the out-of-order model has. Sources: sim/config/, default machine: Ivy Bridge.
struct OooConfig {
    UopCacheConfig uop_cache;
    unsigned fetch_bytes = 16;          // of code decoded per cycle
    unsigned decode_width = 4;          // instructions decoded per cycle
    Cycles decode_switch = 2;           // from the micro-op cache to the decoders
    Cycles decode_refill = 4;           // added to `mispredict` where the decoders refill the pipeline
    Cycles taken_bubble = 1;            // lost by the front end at a taken branch, but not in short loops
    unsigned decode_queue = 56;         // micro-ops between front end and dispatch; longest of short loops
    unsigned width = 4;                 // micro-ops dispatched per cycle
    unsigned retire = 4;                // micro-ops retired per cycle
    unsigned rob = 168;                 // reorder buffer
    unsigned scheduler = 54;            // micro-ops that wait for operands or a port
    unsigned load_queue = 64;           // loads between dispatch and retirement
    unsigned branches = 48;             // branches between dispatch and retirement
    unsigned integer_registers = 160;   // physical ones
    unsigned vector_registers = 144;
    Cycles complex_address = 1;         // added to loads with an index or a displacement outside 0 .. 2047
    Cycles vector_load = 2;             // added to loads into vector registers
    Cycles line_split = 5;              // until the second line of a load across two
    Cycles page_split = 28;             // until the second page of a load across two
    Cycles forward = 5;                 // from the data of an older store to its use by a load
    Cycles vector_forward = 1;          // added to it for vector registers
    Cycles forward_blocked = 13;        // beyond the wait for a store that holds a part of the load's bytes
    Cycles alias = 7;                   // where an older store has the same address modulo 4 KiB
    OpCounts uops = default_uops();     // by class
    PortTable ports = default_ports();  // by class
    std::string store_address_ports = "p23";
};

enum class Direction { gshare, tage };

// What both pipelines guess branches with. Sources: sim/config/.
struct PredictorConfig {
    Direction direction = Direction::gshare;
    unsigned entries = 16384;  // two-bit counters: of gshare, or the base of tage
    unsigned history = 30;     // branches that count at most
    unsigned tables = 4;       // of tage
    unsigned table_entries = 1024;
    unsigned btb_entries = 4096;
    unsigned btb_ways = 4;
    unsigned indirect_entries = 512;  // targets by path; 0: an indirect branch goes where it went last
    unsigned indirect_history = 8;    // indirect targets that make the path
    unsigned return_stack = 16;
};

struct CoreConfig {
    CoreModel model = CoreModel::inorder;
    unsigned width = 2;      // micro-ops issued per cycle at most
    Cycles mispredict = 15;  // refill after a mispredicted branch
    Cycles resteer = 9;      // refill when only the target of a direct branch was not known
    PredictorConfig predictor;
    unsigned store_buffer = 36;                // stores that wait for their cache line
    unsigned fill_buffers = 10;                // lines on their way into the first-level data cache
    unsigned string_fills = 4;                 // of them, kept busy by one rep-string instruction
    ClassTable latency = default_latencies();  // by class
    OooConfig ooo;
    ClassTable throughput = default_throughputs();  // cycles the unit stays busy; 0: bounded by width alone
};

// Of the area model; no simulated time depends on it.
struct AreaConfig {
    unsigned node = 22;  // nm
    std::string cacti;   // a CACTI program that is asked in place of our model; empty: none
};

struct MachineConfig {
    std::string name = "default";
    unsigned cores = 1;
    uint64_t frequency = 3'100'000'000;  // Hz
    CoreConfig core;
    CacheConfig l1i{32 << 10, 8, 64, 0}, l1d{32 << 10, 8, 64, 4}, l2{256 << 10, 8, 64, 8, 3, 16, 8},
        llc{8 << 20, 16, 64, 18, 5, 32, 16};
    CoherenceConfig coherence;
    L1PrefetchConfig l1d_prefetch;
    L2PrefetchConfig l2_prefetch;
    TlbConfig itlb{128, 4, 0, true, 8, 8}, dtlb{64, 4, 0, true, 32, 4}, stlb{512, 4, 7, false};
    WalkerConfig walker;
    AplCacheConfig apl_cache;
    MemoryConfig memory;
    Cycles io_latency = 60;  // an uncached access to a device register
    Cycles ipi_latency =
        800;  // reference cycles from a message's command to its arrival at another local APIC
    Cycles watchdog = 310'000'000;  // reference cycles that a core may be awake without retiring; 0: for ever
    Cycles quantum = 10'000;  // how far a core runs ahead of SystemC's clock; changes no result on one core
    ProtectionKind protection = ProtectionKind::codoms;
    MpkChecks mpk_checks;
    CodomsChecks codoms_checks;
    AreaConfig area;

    // The last `little_cores` of the cores are of another kind: of `little` everything that is a core's own.
    unsigned little_cores = 0;
    std::shared_ptr<const MachineConfig> little;
    // What core i is made of, and whatever belongs to the machine.
    MachineConfig for_core(unsigned i) const;
    // The clock of the time-stamp counter, the local APICs' timers and everything that cores share: Hz.
    uint64_t reference_frequency() const { return reference ? reference : frequency; }
    uint64_t reference = 0;  // set by for_core()
    // Reference cycles in which nothing that one core does can reach another: a line travels through the
    // level that they share, an interrupt message through the controllers.
    Cycles look_ahead() const;
};

}  // namespace stile::model
