// SPDX-License-Identifier: Apache-2.0
//
// What must hold between keys. A fault is placed at the key that the user gave; at the command's file if
// only defaults disagree with it.
#include <bit>
#include <string>

#include "model/timing/latency_table.h"
#include "model/timing/ports.h"
#include "model/timing/supply.h"
#include "sim/config/bind.h"
#include "sim/config/units.h"

namespace stile::sim {
namespace {

class Rules {
  public:
    Rules(const Registry& keys, const RunConfig& config, Faults& faults)
        : keys_(keys), config_(config), faults_(faults), known_(faults.size()) {}

    // The first of `paths` that was given is blamed, in the command's file if there is one.
    void fault(std::initializer_list<std::string> paths, const std::string& wrong,
               const std::string& remedy) {
        Place place{config_.file, 1, 1};
        bool follows = false, given = false;
        for (const std::string& path : paths) {
            const Key* key = keys_.find(path);
            follows |= key && !key->followed().empty();
            if (!key || !key->was_given()) continue;
            // Rather what stands in the command's file, or an option, than what it extends.
            const bool near = key->place().line == 0 || key->place().file == config_.file;
            if (given && !near) continue;
            place = key->place();
            given = true;
            if (near) break;
        }
        // Then the fault is that of the keys which they follow.
        if (follows && !given) return;
        // A value that was refused already has its default here, which would only confuse.
        for (size_t i = 0; i < known_; ++i) {
            for (const std::string& path : paths) {
                if (faults_[i].wrong.starts_with("'" + path + "'")) return;
            }
        }
        faults_.push_back({place, wrong, remedy});
    }

    void cache(const std::string& path, const model::CacheConfig& cache) {
        if (cache.size == 0) return;
        const uint64_t way = static_cast<uint64_t>(cache.ways) * cache.line;
        const std::string shape = format_bytes(static_cast<int64_t>(cache.size)) + " in " +
                                  std::to_string(cache.ways) + " ways of " + std::to_string(cache.line) +
                                  "-byte lines";
        if (cache.size % way != 0 || !std::has_single_bit(cache.size / way)) {
            fault({path + ".size", path + ".ways"}, "'" + path + "' has no power of two of sets: " + shape,
                  "choose a size that is the ways x " + std::to_string(cache.line) + " B x a power of two");
        }
    }

    // `path` and `glue` before "entries" and "ways" make the keys.
    void sets(const std::string& path, const std::string& glue, unsigned entries, unsigned ways) {
        if (ways > entries || entries % ways != 0 || !std::has_single_bit(entries / ways)) {
            fault({path + glue + "entries", path + glue + "ways"},
                  "'" + path + "' has no power of two of sets: " + std::to_string(entries) + " entries in " +
                      std::to_string(ways) + " ways",
                  ways > entries ? "set '" + path + glue + "ways' too; " + std::to_string(entries) +
                                       " makes it fully associative"
                                 : "entries must be the ways x a power of two");
        }
    }
    void table(const std::string& path, unsigned entries, unsigned ways) { sets(path, ".", entries, ways); }
    void tlb(const std::string& path, const model::TlbConfig& tlb) {
        table(path, tlb.entries, tlb.ways);
        if (tlb.large_entries != 0) sets(path, ".large_", tlb.large_entries, tlb.large_ways);
    }

    void ports(const std::string& path, const std::string& text) {
        if (model::parse_ports(text) == 0)
            fault({path}, "'" + path + "' is '" + text + "'",
                  "p and a hexadecimal digit for each port, such as p015, is expected");
    }

    void power_of_two(const std::string& path, uint64_t value) {
        if (!std::has_single_bit(value)) {
            fault({path}, "'" + path + "' is " + std::to_string(value), "a power of two is expected");
        }
    }

  private:
    const Registry& keys_;
    const RunConfig& config_;
    Faults& faults_;
    size_t known_;
};

// What is a core's own. `p` is "machine." or, for the other kind, "machine.little.".
void check_core(Rules& rules, const std::string& p, const model::MachineConfig& machine) {
    rules.cache(p + "l1i", machine.l1i);
    rules.cache(p + "l1d", machine.l1d);
    rules.cache(p + "l2", machine.l2);
    rules.tlb(p + "itlb", machine.itlb);
    rules.tlb(p + "dtlb", machine.dtlb);
    rules.tlb(p + "stlb", machine.stlb);
    rules.table(p + "codoms.apl_cache", machine.apl_cache.entries, machine.apl_cache.ways);
    if (machine.apl_cache.replacement == model::AplReplacement::plru)
        rules.power_of_two(p + "codoms.apl_cache.ways", machine.apl_cache.ways);
    const model::PredictorConfig& predictor = machine.core.predictor;
    rules.power_of_two(p + "core.predictor.entries", predictor.entries);
    rules.power_of_two(p + "core.predictor.table_entries", predictor.table_entries);
    if (predictor.indirect_entries != 0)
        rules.power_of_two(p + "core.predictor.indirect_entries", predictor.indirect_entries);
    rules.sets(p + "core.predictor.btb", "_", predictor.btb_entries, predictor.btb_ways);
    if (const auto& c = machine.core.ooo.uop_cache;
        c.entries != 0 && !std::has_single_bit(uint64_t{c.entries / model::UopCache::line / c.ways}))
        rules.fault({p + "core.ooo.uop_cache.entries", p + "core.ooo.uop_cache.ways"},
                    "'" + p + "core.ooo.uop_cache.entries' / (6 x ways) is no power of two",
                    "a number of sets of lines of six that is a power of two is expected");
    rules.ports(p + "core.ooo.store_address_ports", machine.core.ooo.store_address_ports);
    for (const model::PortRow& row : model::port_table()) {
        const auto cls = static_cast<size_t>(row.cls);
        rules.ports(std::string(p + "core.ooo.ports.") + model::latency_table()[cls - 1].name,
                    machine.core.ooo.ports[cls]);
    }
    if (machine.core.string_fills > machine.core.fill_buffers) {
        rules.fault({p + "core.string_fills", p + "core.fill_buffers"},
                    "'" + p + "core.string_fills' is more than " + p + "core.fill_buffers",
                    std::to_string(machine.core.fill_buffers) + " at most is expected");
    }
}

}  // namespace

void check_rules(const Registry& keys, const RunConfig& config, Faults& faults) {
    Rules rules(keys, config, faults);
    const model::MachineConfig& machine = config.machine;
    const bool line = machine.name.find('\n') == std::string::npos && printable(machine.name) == machine.name;
    if (machine.name.empty() || !line) {
        rules.fault({"machine.name"},
                    std::string("'machine.name' ") + (line ? "is empty" : "is no line of text"),
                    "it is a column of results.csv: a name such as 'default' is expected");
    }
    check_core(rules, "machine.", machine);
    rules.cache("machine.llc", machine.llc);
    if (machine.little_cores > machine.cores) {
        rules.fault({"machine.little.cores", "machine.cores"},
                    "'machine.little.cores' is " + std::to_string(machine.little_cores) + ", machine.cores " +
                        std::to_string(machine.cores),
                    "the little cores are some of machine.cores; at most " + std::to_string(machine.cores) +
                        " are expected");
    }
    if (machine.little_cores != 0) check_core(rules, "machine.little.", config.little);
    const model::DramConfig& dram = machine.memory.dram;
    if (dram.write_batch > dram.write_queue) {
        rules.fault({"machine.memory.dram.write_batch", "machine.memory.dram.write_queue"},
                    "'machine.memory.dram.write_batch' is more than write_queue",
                    std::to_string(dram.write_queue) + " at most is expected");
    }
    if (dram.refi != 0 && dram.rfc >= dram.refi) {
        rules.fault({"machine.memory.dram.rfc", "machine.memory.dram.refi"},
                    "'machine.memory.dram.rfc' leaves no time between refreshes",
                    "less than refi (" + std::to_string(dram.refi) + ") is expected");
    }
    if (dram.row % 64 != 0) {
        rules.fault({"machine.memory.dram.row"}, "'machine.memory.dram.row' is no whole number of lines",
                    "a multiple of 64 B is expected");
    }
    if (machine.memory.size % (2 << 20) != 0) {
        rules.fault(
            {"machine.memory.size"}, "'machine.memory.size' is no multiple of 2 MiB",
            format_bytes(static_cast<int64_t>(machine.memory.size / (2 << 20) * (2 << 20))) + " would do");
    }
}

}  // namespace stile::sim
