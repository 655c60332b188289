// SPDX-License-Identifier: Apache-2.0
//
// The keys below `machine.core:`. Default values stand in model/config.h; their sources stand here.
#include "model/timing/latency_table.h"
#include "model/timing/ports.h"
#include "sim/config/bind_machine.h"

namespace stile::sim {
namespace {

void bind_ooo(Registry& keys, model::OooConfig& ooo) {
    const std::string path = "machine.core.ooo.";
    const char* const recalled = "Ivy Bridge, recalled; to be swept";
    keys.integer(path + "uop_cache.entries", ooo.uop_cache.entries)
        .range(0, MiB)
        .help("decoded micro-ops kept, in lines of six; 0: there is no such cache")
        .source(xeon);
    keys.integer(path + "uop_cache.ways", ooo.uop_cache.ways)
        .range(1, 64)
        .help("ways per set")
        .source(recalled);
    keys.integer(path + "uop_cache.width", ooo.uop_cache.width)
        .range(1, 16)
        .help("micro-ops delivered per cycle")
        .source("linux perf, ivybridge/frontend.json: at most 4");
    keys.integer(path + "fetch_bytes", ooo.fetch_bytes)
        .range(1, 256)
        .help("bytes of code decoded per cycle")
        .source(xeon);
    keys.integer(path + "decode_width", ooo.decode_width)
        .range(1, 16)
        .help("instructions decoded per cycle")
        .source("uiCA, IVB: 4");
    keys.cycles(path + "decode_switch", ooo.decode_switch)
        .range(0, max_latency)
        .help("from the micro-op cache to the decoders")
        .source("Ivy Bridge: 2 to 4, recalled");
    keys.cycles(path + "decode_refill", ooo.decode_refill)
        .range(0, max_latency)
        .help("added to machine.core.mispredict where the decoders refill the pipeline")
        .source("Ivy Bridge: 19 instead of 15, recalled");
    keys.cycles(path + "taken_bubble", ooo.taken_bubble)
        .range(0, max_latency)
        .help("lost by the front end at a taken branch, but not in loops that fit the decode queue")
        .source("Ivy Bridge: one in two cycles, recalled");
    keys.integer(path + "decode_queue", ooo.decode_queue)
        .range(1, 1024)
        .help("micro-ops between front end and dispatch")
        .source("uiCA, IVB: 56");
    keys.integer(path + "width", ooo.width).range(1, 16).help("micro-ops dispatched per cycle").source(xeon);
    keys.integer(path + "retire", ooo.retire).range(1, 16).help("micro-ops retired per cycle").source(xeon);
    keys.integer(path + "rob", ooo.rob).range(1, 4096).help("entries of the reorder buffer").source(xeon);
    keys.integer(path + "scheduler", ooo.scheduler)
        .range(1, 1024)
        .help("micro-ops that wait for operands or a port")
        .source(xeon);
    keys.integer(path + "load_queue", ooo.load_queue)
        .range(1, 1024)
        .help("loads between dispatch and retirement")
        .source(xeon);
    keys.integer(path + "branches", ooo.branches)
        .range(1, 1024)
        .help("branches between dispatch and retirement")
        .source("stuffedcow.net, Sandy Bridge to Haswell: 48");
    keys.integer(path + "integer_registers", ooo.integer_registers)
        .range(32, 4096)
        .help("physical registers for general registers and flags")
        .source(recalled);
    keys.integer(path + "vector_registers", ooo.vector_registers)
        .range(32, 4096)
        .help("physical registers for vector and x87 registers")
        .source(recalled);
    keys.cycles(path + "complex_address", ooo.complex_address)
        .range(0, max_latency)
        .help("added to loads with an index, or a displacement outside 0 to 2047")
        .source("7-cpu.com, Ivy Bridge: 4, then 5");
    keys.cycles(path + "vector_load", ooo.vector_load)
        .range(0, max_latency)
        .help("added to loads into vector registers")
        .source("llvm: 6 instead of 4");
    keys.cycles(path + "line_split", ooo.line_split)
        .range(0, max_latency)
        .help("until the second line of a load across two")
        .source("Westmere: 4 (7-cpu.com); Ivy Bridge 5, recalled");
    keys.cycles(path + "page_split", ooo.page_split)
        .range(0, max_latency)
        .help("until the second page of a load across two")
        .source("Westmere: 20 (7-cpu.com); Ivy Bridge 28, recalled");
    keys.cycles(path + "forward", ooo.forward)
        .range(0, max_latency)
        .help("from the data of a store that is not yet in the cache to its use by a load")
        .source(xeon);
    keys.cycles(path + "forward_blocked", ooo.forward_blocked)
        .range(0, max_latency)
        .help("added to the wait for a store that holds only a part of the load's bytes")
        .source("pmu-tools, ivb_client_ratios.py: 13");
    keys.cycles(path + "vector_forward", ooo.vector_forward)
        .range(0, max_latency)
        .help("added to machine.core.ooo.forward for vector registers")
        .source("osaca: 6 instead of 5");
    keys.cycles(path + "alias", ooo.alias)
        .range(0, max_latency)
        .help("where an older store has the load's address modulo 4 KiB, but another page")
        .source("pmu-tools, ivb_client_ratios.py: 7");
    keys.text(path + "store_address_ports", ooo.store_address_ports)
        .help("ports that compute the addresses of stores")
        .source(xeon);
    for (const model::PortRow& row : model::port_table()) {
        const auto cls = static_cast<size_t>(row.cls);
        keys.text(path + "ports." + model::latency_table()[cls - 1].name, ooo.ports[cls])
            .help("ports of the class: p015 is port 0, 1 or 5")
            .source(row.source);
        keys.integer(path + "uops." + model::latency_table()[cls - 1].name, ooo.uops[cls])
            .range(1, 256)
            .help("micro-ops of the class, beside those that access memory")
            .source(row.source);
    }
}

void bind_predictor(Registry& keys, model::PredictorConfig& predictor) {
    const std::string path = "machine.core.predictor.";
    keys.choice<model::Direction>(path + "direction", predictor.direction,
                                  {{"gshare", model::Direction::gshare}, {"tage", model::Direction::tage}})
        .help("how the direction of conditional branches is predicted")
        .source("our choice: the real predictor is not published; it uses global history");
    keys.integer(path + "entries", predictor.entries)
        .range(1, MiB)
        .help("two-bit counters of gshare, or of the base of tage, a power of two")
        .source("our choice");
    keys.integer(path + "history", predictor.history)
        .range(0, 64)
        .help("conditional branches that count at most; gshare uses no more than its index has bits")
        .source("Ivy Bridge: about 30 useful ones");
    keys.integer(path + "tables", predictor.tables)
        .range(1, 8)
        .help("tables of tage, with histories from 4 branches up, in a geometric series")
        .source("our choice");
    keys.integer(path + "table_entries", predictor.table_entries)
        .range(1, MiB)
        .help("entries of each, a power of two")
        .source("our choice");
    keys.integer(path + "btb_entries", predictor.btb_entries)
        .range(1, MiB)
        .help("branch targets remembered")
        .source(xeon);
    keys.integer(path + "btb_ways", predictor.btb_ways).range(1, 64).help("ways per set").source(xeon);
    keys.integer(path + "indirect_entries", predictor.indirect_entries)
        .range(0, MiB)
        .help("targets of indirect branches by path, a power of two; 0: they go where they went last")
        .source("our choice within 512 to 1,024");
    keys.integer(path + "indirect_history", predictor.indirect_history)
        .range(0, 16)
        .help("targets of indirect branches that make the path")
        .source("our choice");
    keys.integer(path + "return_stack", predictor.return_stack)
        .range(1, 1024)
        .help("depth of the return stack")
        .source(xeon);
}

}  // namespace

void bind_core(Registry& keys, model::CoreConfig& core) {
    keys.choice<model::CoreModel>("machine.core.model", core.model,
                                  {{"functional", model::CoreModel::functional},
                                   {"inorder", model::CoreModel::inorder},
                                   {"ooo", model::CoreModel::ooo}})
        .help(
            "functional: one cycle per instruction; inorder: a scoreboard over micro-ops; ooo: out of order")
        .source("our choice");
    keys.integer("machine.core.width", core.width)
        .range(1, 16)
        .help("micro-ops issued per cycle at most")
        .source("our choice");
    keys.cycles("machine.core.mispredict", core.mispredict)
        .range(0, max_latency)
        .help("refill after a mispredicted branch")
        .source("Ivy Bridge: 15 to 19");
    keys.cycles("machine.core.resteer", core.resteer)
        .range(0, max_latency)
        .help("refill when only the target of a direct branch was not known")
        .source("Ivy Bridge: 8 to 10");
    bind_predictor(keys, core.predictor);
    keys.integer("machine.core.store_buffer", core.store_buffer)
        .range(1, 1024)
        .help("stores that may wait for their cache line")
        .source(xeon);
    keys.integer("machine.core.fill_buffers", core.fill_buffers)
        .range(1, 256)
        .help("cache lines on their way into the first-level data cache")
        .source(xeon);
    keys.integer("machine.core.string_fills", core.string_fills)
        .range(1, 256)
        .help("of them, kept busy by one repeated string instruction")
        .source("our choice");
    for (const model::LatencyRow& row : model::latency_table()) {
        keys.cycles(std::string("machine.core.latencies.") + row.name,
                    core.latency[static_cast<size_t>(row.cls)])
            .range(0, max_latency)
            .help(std::string("from input to result: ") + row.help)
            .source(row.source);
    }
    for (const model::LatencyRow& row : model::latency_table()) {
        keys.cycles(std::string("machine.core.throughputs.") + row.name,
                    core.throughput[static_cast<size_t>(row.cls)])
            .range(0, max_latency)
            .help(std::string("until the unit takes the next one; 0: bounded by width alone: ") + row.help)
            .source(row.source);
    }
    bind_ooo(keys, core.ooo);
}

}  // namespace stile::sim
