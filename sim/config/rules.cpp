// SPDX-License-Identifier: Apache-2.0
//
// What must hold between keys. A fault is placed at the key that the user gave; at the command's file if
// only defaults disagree with it.
#include <bit>
#include <string>

#include "model/timing/latency_table.h"
#include "model/timing/ports.h"
#include "sim/config/bind.h"
#include "sim/config/units.h"

namespace stile::sim {
namespace {

class Rules {
  public:
    Rules(const Registry& keys, const RunConfig& config, Faults& faults)
        : keys_(keys), config_(config), faults_(faults), known_(faults.size()) {}

    // The first of `paths` that was given is blamed.
    void fault(std::initializer_list<std::string> paths, const std::string& wrong,
               const std::string& remedy) {
        Place place{config_.file, 1, 1};
        for (const std::string& path : paths) {
            const Key* key = keys_.find(path);
            if (!key || !key->was_given()) continue;
            place = key->place();
            break;
        }
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
                  "entries must be the ways x a power of two");
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

}  // namespace

void check_rules(const Registry& keys, const RunConfig& config, Faults& faults) {
    Rules rules(keys, config, faults);
    const model::MachineConfig& machine = config.machine;
    if (machine.cores != 1) {
        rules.fault({"machine.cores"}, "'machine.cores' is " + std::to_string(machine.cores),
                    "several cores come in a later version; 1 is expected");
    }
    rules.cache("machine.l1i", machine.l1i);
    rules.cache("machine.l1d", machine.l1d);
    rules.cache("machine.l2", machine.l2);
    rules.cache("machine.llc", machine.llc);
    rules.tlb("machine.itlb", machine.itlb);
    rules.tlb("machine.dtlb", machine.dtlb);
    rules.tlb("machine.stlb", machine.stlb);
    rules.table("machine.codoms.apl_cache", machine.apl_cache.entries, machine.apl_cache.ways);
    const model::PredictorConfig& predictor = machine.core.predictor;
    rules.power_of_two("machine.core.predictor.entries", predictor.entries);
    rules.power_of_two("machine.core.predictor.table_entries", predictor.table_entries);
    if (predictor.indirect_entries != 0)
        rules.power_of_two("machine.core.predictor.indirect_entries", predictor.indirect_entries);
    rules.sets("machine.core.predictor.btb", "_", predictor.btb_entries, predictor.btb_ways);
    rules.ports("machine.core.ooo.store_address_ports", machine.core.ooo.store_address_ports);
    for (const model::PortRow& row : model::port_table()) {
        const auto cls = static_cast<size_t>(row.cls);
        rules.ports(std::string("machine.core.ooo.ports.") + model::latency_table()[cls - 1].name,
                    machine.core.ooo.ports[cls]);
    }
    if (machine.core.string_fills > machine.core.fill_buffers) {
        rules.fault({"machine.core.string_fills", "machine.core.fill_buffers"},
                    "'machine.core.string_fills' is more than machine.core.fill_buffers",
                    std::to_string(machine.core.fill_buffers) + " at most is expected");
    }
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
