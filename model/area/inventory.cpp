// SPDX-License-Identifier: Apache-2.0
//
// A new array gets a line here. Bits that no format fixes are our choice: 40-bit physical and 48-bit virtual
// addresses, 12-bit PCIDs, what a machine of this kind must keep.
#include "model/area/inventory.h"

#include <algorithm>
#include <bit>

#include "model/protection/bits.h"

namespace stile::model::area {
namespace {

constexpr unsigned physical = 40, page_offset = 12, pcid = 12, virtual_page = 48 - page_offset;
// Frame, domain tag, privileged, capability storage, protection key, and U, W, X, G, D, large.
constexpr unsigned translation = physical - page_offset + domain_tag_bits + 2 + 4 + 6;

unsigned log2_of(uint64_t n) { return n > 1 ? static_cast<unsigned>(std::bit_width(n - 1)) : 0; }

struct List {
    std::vector<Structure> all;
    void add(Structure s) {
        if (s.entries != 0) all.push_back(std::move(s));
    }
    void cache(const char* name, const CacheConfig& c, unsigned port_bits, bool shared) {
        const uint64_t lines = c.size / c.line, sets = lines ? lines / c.ways : 0;
        // Tag, state of the line and its place in the order of use.
        const unsigned tag = physical - log2_of(c.line) - log2_of(sets) + 2 + log2_of(c.ways);
        add({name,
             ArrayKind::cache,
             lines,
             8 * c.line,
             tag,
             c.ways,
             {},
             port_bits,
             true,
             shared,
             c.latency,
             true});
    }
    void table(const char* name, uint64_t entries, unsigned data, unsigned tag, unsigned ways, Ports ports,
               Cycles latency = 0, bool partial = false) {
        const auto kind = tag == 0          ? ArrayKind::ram
                          : ways == entries ? ArrayKind::associative
                                            : ArrayKind::cache;
        if (kind != ArrayKind::associative)
            ports.search = 0;
        else if (ports.search == 0)
            ports = searching(ports);
        add({name, kind, entries, data, tag, kind == ArrayKind::cache ? ways : 1, ports, 0, false, false,
             latency, false, partial});
    }
    // Lines on their way, found by address.
    void lines(const std::string& name, unsigned entries, unsigned data, bool shared) {
        add({name,
             ArrayKind::associative,
             entries,
             data,
             physical - log2_of(64),
             1,
             {1, 0, 0, 1},
             0,
             false,
             shared,
             0});
    }
    // Misses (state, requester, place in the order) and modified lines of a level below the first.
    void lower_level(const std::string& name, const CacheConfig& c, bool shared) {
        if (c.size == 0) return;
        lines(name + ".mshrs", c.mshrs, 24, shared);
        lines(name + ".write_buffers", c.write_buffers, 8 * c.line + 8, shared);
    }
    void tlb(const std::string& name, const TlbConfig& t, Ports ports) {
        table(name.c_str(), t.entries, translation, 1 + pcid + virtual_page - log2_of(t.entries / t.ways),
              t.ways, ports, t.latency);
        table((name + ".large").c_str(), t.large_entries, translation - 9,
              1 + pcid + virtual_page - 9 - log2_of(t.large_entries / std::max(1u, t.large_ways)),
              t.large_ways, ports, t.latency);
    }
};

}  // namespace

std::vector<Structure> inventory(const MachineConfig& m) {
    const OooConfig& o = m.core.ooo;
    const PredictorConfig& p = m.core.predictor;
    const bool out_of_order = m.core.model == CoreModel::ooo;
    const Ports one{}, dual{0, 1, 1, 0};
    const auto ports = [](unsigned read, unsigned write) { return Ports{0, read, write, 0}; };
    const auto searched = [](unsigned search) { return Ports{1, 0, 0, search}; };
    List list;
    list.cache("l1i", m.l1i, 8 * o.fetch_bytes, false);
    list.cache("l1d", m.l1d, 128, false);
    list.cache("l2", m.l2, 256, false);
    list.cache("llc", m.llc, 256, true);
    list.lower_level("l2", m.l2, false);
    list.lower_level("llc", m.llc, true);
    // Of a page: the line last seen, how far it ran ahead, direction and confidence.
    if (m.l2.size != 0 && m.l2_prefetch.streamer)
        list.table("l2.streams", m.l2_prefetch.streams, 6 + 6 + 4, physical - page_offset,
                   m.l2_prefetch.streams, searched(1));
    if (m.memory.latency == 0) list.lines("memory.write_queue", m.memory.dram.write_queue, 512, true);
    list.tlb("itlb", m.itlb, one);
    list.tlb("dtlb", m.dtlb, {1, 1, 0, 0});
    list.tlb("stlb", m.stlb, one);
    const auto walker = [&](const char* name, unsigned entries, unsigned index_bits) {
        list.table(name, entries, physical - page_offset + 3, 1 + pcid + index_bits, entries, searched(1));
    };
    walker("walker.pml4", m.walker.pml4_entries, 9);
    walker("walker.pdpt", m.walker.pdpt_entries, 18);
    walker("walker.pd", m.walker.pd_entries, 27);
    if (p.direction == Direction::tage)
        list.table("predictor.tagged", uint64_t{p.tables} * p.table_entries, 3 + 2 + 9, 0, 1, dual);
    list.table("predictor.counters", p.entries, 2, 0, 1, dual);
    list.table("predictor.btb", p.btb_entries, 32, 16, p.btb_ways, dual, 0, true);
    list.table("predictor.indirect", p.indirect_entries, 32, 0, 1, dual);
    list.table("predictor.return_stack", p.return_stack, 48, 0, 1, dual);
    list.table("store_buffer", m.core.store_buffer, 64 + 8 + 10, physical, m.core.store_buffer, searched(1));
    list.table("fill_buffers", m.core.fill_buffers, 512 + 8, physical - 6, m.core.fill_buffers, searched(1));
    if (m.protection == ProtectionKind::codoms) {
        const AplCacheConfig& a = m.apl_cache;
        const unsigned data = apl_entry_bits(a) - domain_tag_bits, sets = a.entries / a.ways;
        const Ports look_ups = a.ways == a.entries ? searched(a.ports) : Ports{1, a.ports - 1, 0, 0};
        list.table("codoms.apl_cache", a.entries, data, domain_tag_bits - log2_of(sets), a.ways, look_ups,
                   a.latency);
        list.table("codoms.capabilities", 8, capability_register_bits + capability_watch_bits, 0, 1,
                   ports(2, 1));
        // Each of them may be the one that allows an access.
        list.all.back().all_at_once = true;
    }
    if (!out_of_order) {
        list.table("registers.integer", 16, 64, 0, 1, ports(2 * m.core.width, m.core.width));
        list.table("registers.vector", 16, 128, 0, 1, ports(2, 1));
        return list.all;
    }
    const unsigned w = o.width;
    list.table("uop_cache", o.uop_cache.entries, 85, 36, o.uop_cache.ways, dual, 0, true);
    list.table("decode_queue", o.decode_queue, 85, 0, 1, ports(w, w));
    list.table("rob", o.rob, 76, 0, 1, ports(o.retire, w));
    const unsigned name = log2_of(o.integer_registers);
    list.table("scheduler", o.scheduler, 64, 3 * name, o.scheduler, {0, w, w, 6});
    list.table("load_queue", o.load_queue, 24, physical, o.load_queue, searched(2));
    list.table("registers.integer", o.integer_registers, 64, 0, 1, ports(2 * w, w));
    list.table("registers.vector", o.vector_registers, 128, 0, 1, ports(6, 3));
    // Where to go on after a misprediction, and what the predictor must learn.
    list.table("branches", o.branches, 48 + 32 + 16, 0, 1, ports(1, w));
    list.table("rename", 16 + 16, log2_of(std::max(o.integer_registers, o.vector_registers)), 0, 1,
               ports(3 * w, w));
    return list.all;
}

}  // namespace stile::model::area
