// SPDX-License-Identifier: Apache-2.0
//
// The keys below `machine:`. Default values stand in model/config.h; their sources stand here.
#include "sim/config/bind_machine.h"

#include "sim/config/bind.h"

namespace stile::sim {
namespace {

void bind_cache(Registry& keys, const std::string& path, model::CacheConfig& cache, const std::string& what,
                int64_t least, const std::string& latency_help) {
    const std::string absent = least == 0 ? "; 0 B: there is none" : "";
    keys.bytes(path + ".size", cache.size).range(least, GiB).help("size of " + what + absent).source(xeon);
    keys.integer(path + ".ways", cache.ways).range(1, 64).help("ways per set").source(xeon);
    keys.cycles(path + ".latency", cache.latency).range(0, max_latency).help(latency_help).source(xeon);
}

void bind_lower_cache(Registry& keys, const std::string& path, model::CacheConfig& cache,
                      const std::string& interval_help, const std::string& source) {
    keys.cycles(path + ".interval", cache.interval).range(0, 1000).help(interval_help).source(source);
    keys.integer(path + ".mshrs", cache.mshrs)
        .range(1, 4096)
        .help("misses that may be on their way; more wait")
        .source(source);
    keys.integer(path + ".write_buffers", cache.write_buffers)
        .range(1, 4096)
        .help("modified lines that may be on their way to the level below; more wait")
        .source("our choice");
}

void bind_prefetchers(Registry& keys, model::MachineConfig& machine) {
    const char* const disclosure = "Intel, Disclosure of Hardware Prefetcher Control";
    keys.boolean("machine.l1d.prefetch.next_line", machine.l1d_prefetch.next_line)
        .help("ascending loads bring in the next line of the page")
        .source(disclosure);
    keys.boolean("machine.l1d.prefetch.ip_stride", machine.l1d_prefetch.ip_stride)
        .help("loads of one instruction, a constant stride apart, bring in the next one's line")
        .source(disclosure);
    keys.boolean("machine.l2.prefetch.streamer", machine.l2_prefetch.streamer)
        .help("runs ahead of ascending or descending accesses within a page")
        .source(disclosure);
    keys.boolean("machine.l2.prefetch.adjacent", machine.l2_prefetch.adjacent)
        .help("a miss brings in the other line of its 128-byte pair")
        .source(disclosure);
    keys.integer("machine.l2.prefetch.streams", machine.l2_prefetch.streams)
        .range(1, 256)
        .help("pages that the streamer follows")
        .source("Intel's optimization manual: 32");
    keys.integer("machine.l2.prefetch.distance", machine.l2_prefetch.distance)
        .range(1, 63)
        .help("lines that it runs ahead")
        .source("Intel's optimization manual: 20");
}

void bind_coherence(Registry& keys, model::CoherenceConfig& coherence) {
    keys.choice<model::Inclusion>(
            "machine.llc.inclusion", coherence.inclusion,
            {{"inclusive", model::Inclusion::inclusive}, {"none", model::Inclusion::none}})
        .help("inclusive: a line that leaves the last level leaves the private caches too")
        .source(xeon);
    keys.cycles("machine.llc.snoop_latency", coherence.snoop_latency)
        .range(0, max_latency)
        .help("added where the directory must ask other cores, and none has modified the line")
        .source("pmu-tools, ivb_client_ratios.py: 43 against 29 cycles");
    keys.cycles("machine.llc.dirty_latency", coherence.dirty_latency)
        .range(0, max_latency)
        .help("added where another core has modified the line")
        .source("pmu-tools, ivb_client_ratios.py: 60 against 29 cycles");
}

void bind_memory(Registry& keys, model::MemoryConfig& memory) {
    keys.bytes("machine.memory.size", memory.size)
        .range(32 * MiB, 64 * GiB)
        .help("RAM, a multiple of 2 MiB")
        .source("our choice");
    keys.cycles("machine.memory.latency", memory.latency)
        .range(0, max_latency)
        .help("from a miss in the last cache to the data, always; 0: what memory.dram makes it")
        .source("our choice");
    const std::string path = "machine.memory.dram.";
    const char* const sheet = "DDR3-1600 11-11-11, 4 Gb x8 (gem5, DDR3_1600_8x8)";
    model::DramConfig& dram = memory.dram;
    keys.frequency(path + "frequency", dram.frequency)
        .range(1'000'000, 100'000'000'000)
        .help("clock of the DRAM: half its data rate")
        .source(sheet);
    keys.integer(path + "channels", dram.channels).range(1, 64).help("channels").source(xeon);
    keys.integer(path + "banks", dram.banks).range(1, 1024).help("banks of a channel").source(sheet);
    keys.bytes(path + "row", dram.row).range(64, MiB).help("row of a bank, over all chips").source(sheet);
    const auto clocks = [&](const char* name, unsigned& field, const char* help) {
        keys.integer(path + name, field)
            .range(0, 1'000'000)
            .help(std::string(help) + ", DRAM clocks")
            .source(sheet);
    };
    clocks("cl", dram.cl, "read or write command to data");
    clocks("rcd", dram.rcd, "activation of a row to a command for it");
    clocks("rp", dram.rp, "precharge of a bank to its next activation");
    clocks("ras", dram.ras, "activation to precharge");
    clocks("rrd", dram.rrd, "activation to the next one in the channel");
    clocks("faw", dram.faw, "window of at most four activations");
    clocks("wr", dram.wr, "end of written data to precharge");
    clocks("wtr", dram.wtr, "end of written data to the next read");
    clocks("rtp", dram.rtp, "read command to precharge");
    clocks("burst", dram.burst, "a line on the data bus");
    clocks("rfc", dram.rfc, "a refresh, which closes all rows");
    clocks("refi", dram.refi, "refresh to refresh; 0: none");
    keys.integer(path + "write_queue", dram.write_queue)
        .range(1, 4096)
        .help("writes of a channel that the controller holds back; more wait")
        .source("our choice");
    keys.integer(path + "write_batch", dram.write_batch)
        .range(1, 4096)
        .help("as soon as so many wait, they are written")
        .source("our choice");
    keys.time(path + "controller", dram.controller)
        .range(0, 1'000'000)
        .help("the controller and the way to it and back")
        .source("our choice: makes up what the Ivy Bridge's 65 ns are beyond the DRAM's");
    keys.time(path + "idle_close", dram.idle_close)
        .range(0, 1'000'000'000)
        .help("a row that nobody uses for so long is closed; 0 ns: never")
        .source("our choice");
}

void bind_tlb(Registry& keys, const std::string& path, model::TlbConfig& tlb, const std::string& what) {
    keys.integer(path + ".entries", tlb.entries).range(1, 65536).help("entries of " + what).source(xeon);
    keys.integer(path + ".ways", tlb.ways).range(1, 65536).help("ways per set").source(xeon);
    keys.cycles(path + ".latency", tlb.latency)
        .range(0, max_latency)
        .help("added to an access that hits here; 0: hidden behind the cache")
        .source(xeon);
    keys.boolean(path + ".large_pages", tlb.large_pages)
        .help("translations of 2 MiB pages are kept here too")
        .source(xeon);
    keys.integer(path + ".large_entries", tlb.large_entries)
        .range(0, 65536)
        .help("entries for 2 MiB pages alone; 0: they share the others")
        .source(xeon);
    keys.integer(path + ".large_ways", tlb.large_ways)
        .range(1, 65536)
        .help("their ways per set")
        .source(xeon);
}

}  // namespace

void bind_machine(Registry& keys, model::MachineConfig& machine) {
    keys.text("machine.name", machine.name)
        .not_built()
        .help("what results.csv calls this machine")
        .source("");
    keys.integer("machine.cores", machine.cores)
        .range(1, 64)
        .help("number of cores, the little ones among them")
        .source("our choice");
    keys.frequency("machine.frequency", machine.frequency)
        .range(1'000'000, 100'000'000'000)
        .help("core clock")
        .source(xeon);
    bind_core(keys, machine.core);
    bind_cache(keys, "machine.l1i", machine.l1i, "the first-level instruction cache", KiB,
               "cost of every change of the fetch address, for a hit");
    bind_cache(keys, "machine.l1d", machine.l1d, "the first-level data cache", KiB, "load to use, for a hit");
    bind_cache(keys, "machine.l2", machine.l2, "the second-level cache", 0,
               "added when the first level misses");
    bind_cache(keys, "machine.llc", machine.llc, "the last-level cache", 0,
               "added when the second level misses");
    bind_lower_cache(keys, "machine.l2", machine.l2,
                     "from one line to the next through its port; 0: no limit",
                     "Ivy Bridge: a line in 3 cycles, 16 in the super-queue");
    bind_lower_cache(keys, "machine.llc", machine.llc, "from one line to the next for one core; 0: no limit",
                     "Ivy Bridge: a line in 5 to 6 cycles; the rest is our choice");
    bind_coherence(keys, machine.coherence);
    bind_prefetchers(keys, machine);
    bind_tlb(keys, "machine.itlb", machine.itlb, "the first-level instruction TLB");
    bind_tlb(keys, "machine.dtlb", machine.dtlb, "the first-level data TLB");
    bind_tlb(keys, "machine.stlb", machine.stlb, "the second-level TLB");
    keys.cycles("machine.walker.latency", machine.walker.latency)
        .range(0, max_latency)
        .help("fixed part of a page walk, beside its memory accesses")
        .source("our choice");
    keys.integer("machine.walker.walkers", machine.walker.walkers)
        .range(1, 64)
        .help("page walks at a time")
        .source(xeon);
    keys.integer("machine.walker.pml4_entries", machine.walker.pml4_entries)
        .range(0, 1024)
        .help("level-4 entries that the walker keeps")
        .source("our choice");
    keys.integer("machine.walker.pdpt_entries", machine.walker.pdpt_entries)
        .range(0, 1024)
        .help("level-3 entries that the walker keeps")
        .source("our choice");
    keys.integer("machine.walker.pd_entries", machine.walker.pd_entries)
        .range(0, 1024)
        .help("level-2 entries that the walker keeps")
        .source("our choice");
    keys.integer("machine.codoms.apl_cache.entries", machine.apl_cache.entries)
        .range(2, 256)
        .help("domains whose access-protection lists the core holds")
        .source("CODOMs (ISCA'14): 32");
    keys.integer("machine.codoms.apl_cache.ways", machine.apl_cache.ways)
        .range(2, 256)
        .help("ways per set; as many as entries: fully associative")
        .source("CODOMs (ISCA'14): fully associative");
    keys.choice<model::AplReplacement>("machine.codoms.apl_cache.replacement", machine.apl_cache.replacement,
                                       {{"lru", model::AplReplacement::lru},
                                        {"plru", model::AplReplacement::plru},
                                        {"fifo", model::AplReplacement::fifo},
                                        {"random", model::AplReplacement::random}})
        .help(
            "who leaves a full set: least recently crossed or filled, its tree approximation, oldest fill, "
            "LFSR")
        .source("our choice: CODOMs does not say");
    keys.integer("machine.codoms.apl_cache.ports", machine.apl_cache.ports)
        .range(1, 16)
        .help("lookups that can begin in a cycle: loads and stores on other domains' pages, crossings")
        .source("our choice: as many as the core has address units");
    keys.cycles("machine.codoms.apl_cache.latency", machine.apl_cache.latency)
        .range(0, max_latency)
        .help("of a lookup, beside the fetch of a crossing's target or the cache; what exceeds them is paid")
        .source("CODOMs (ISCA'14): no extra latency on a hit");
    keys.choice<model::AplRefill>(
            "machine.codoms.apl_cache.refill", machine.apl_cache.refill,
            {{"software", model::AplRefill::software}, {"hardware", model::AplRefill::hardware}})
        .help("who fills it after a miss: the kernel, told by an exception, or a walk of the APL directory")
        .source("CODOMs (ISCA'14): software; the walk is our choice");
#define STILE_CODOMS_CHECK_KEY(name, off)                                    \
    keys.boolean("machine.codoms.checks." #name, machine.codoms_checks.name) \
        .help("a rule of CODOMs; false: " off)                               \
        .source("docs/codoms.md, 10");
    STILE_CODOMS_CHECKS(STILE_CODOMS_CHECK_KEY)
#undef STILE_CODOMS_CHECK_KEY
    keys.boolean("machine.mpk.checks.access", machine.mpk_checks.access)
        .help("a rule of protection keys; false: AD in PKRU forbids nothing")
        .source("Intel SDM vol. 3, 4.6.2");
    keys.boolean("machine.mpk.checks.write", machine.mpk_checks.write)
        .help("a rule of protection keys; false: WD in PKRU forbids nothing")
        .source("Intel SDM vol. 3, 4.6.2");
    keys.boolean("machine.mpk.checks.supervisor", machine.mpk_checks.supervisor)
        .help("a rule of protection keys; false: the kernel touches user pages whatever their key")
        .source("Intel SDM vol. 3, 4.6.2");
    bind_memory(keys, machine.memory);
    keys.choice<unsigned>("machine.area.node", machine.area.node,
                          {{"22 nm", 22}, {"32 nm", 32}, {"45 nm", 45}})
        .help("transistors that 'stile area' sizes the arrays for; no simulated time depends on it")
        .source(xeon);
    keys.text("machine.area.cacti", machine.area.cacti)
        .not_built()
        .help("path of a CACTI 7 program that 'stile area' asks in place of its own model; empty: none")
        .source("");
    keys.cycles("machine.io_latency", machine.io_latency)
        .range(0, max_latency)
        .help("an uncached access to a device register")
        .source("our choice");
    keys.cycles("machine.quantum", machine.quantum)
        .not_built()
        .range(1, 1'000'000'000)
        .help("how far a core may run ahead of the simulated clock; changes nothing while one core runs")
        .source("our choice");
}

}  // namespace stile::sim
