// SPDX-License-Identifier: Apache-2.0
#include "sim/checkpoint/keys.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace stile::sim {
namespace {

// Little cores' keys count like those that they follow.
std::string plain(const std::string& key) {
    constexpr std::string_view little = "machine.little.";
    return key.starts_with(little) && key != "machine.little.cores" ? "machine." + key.substr(little.size())
                                                                    : key;
}

// Ends in a dot: whatever lies below.
constexpr std::array harmless{
    "machine.name", "machine.area.",
    // Time: an instruction takes the functional core one cycle.
    "machine.core.", "machine.l1i.", "machine.l1d.", "machine.l2.", "machine.llc.", "machine.itlb.",
    "machine.dtlb.", "machine.stlb.", "machine.walker.", "machine.memory.latency", "machine.memory.dram.",
    "machine.io_latency", "machine.codoms.apl_cache.ports", "machine.codoms.apl_cache.latency",
    // What the guest learns of these are its programs and their arguments.
    "workload.", "measure.warmup", "measure.repetitions", "measure.touch",
    // What becomes of the results, and when it ends: a run that ends before the hand-over has none.
    "measure.max_time", "measure.stop_at", "output.", "sweep."};

}  // namespace

bool is_harmless(const std::string& key) {
    const std::string name = plain(key);
    return std::any_of(harmless.begin(), harmless.end(), [&](const std::string_view entry) {
        return entry.ends_with('.') ? name.starts_with(entry) : name == entry;
    });
}

bool is_apl_shape(const std::string& key) {
    const std::string name = plain(key);
    const std::string cache = "machine.codoms.apl_cache.";
    return name == cache + "entries" || name == cache + "ways" || name == cache + "replacement" ||
           name == cache + "refill";
}

}  // namespace stile::sim
