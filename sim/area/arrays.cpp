// SPDX-License-Identifier: Apache-2.0
#include "sim/area/arrays.h"

#include <fmt/format.h>

#include "sim/area/cacti.h"

namespace stile::sim {

using model::area::Structure;

SizedArray ArraySizer::size(const Structure& s, const model::MachineConfig& machine) const {
    using namespace model::area;
    SizedArray array{s, size_of(s, machine.area.node), ""};
    array.style = name_of(array.size.style);
    // CACTI takes no array of less than 64 bytes, nor subarrays that are too small for it.
    constexpr uint64_t least_bits = 64 * 8;
    const ArraySpec& built = array.size.built;
    if (!machine.area.cacti.empty() && array.size.style != Style::flip_flops &&
        built.least_rows == ArraySpec{}.least_rows && built.bits >= least_bits) {
        array.size.figures = cacti_figures(machine.area.cacti, built);
        array.size.access_pj = 1e3 * (built.kind == ArrayKind::associative ? array.size.figures.search_nj
                                                                           : array.size.figures.read_nj);
        array.style = "cacti";
    }
    return array;
}

std::vector<SizedArray> ArraySizer::arrays_of(const model::MachineConfig& machine) {
    std::vector<SizedArray> all;
    for (const Structure& s : model::area::inventory(machine)) {
        // The latency is no part of what is sized.
        const std::string key = fmt::format(
            "{} {} {} {} {} {} {}+{}+{}+{} {} {} {} {}", s.name, static_cast<int>(s.kind), s.entries,
            s.data_bits, s.tag_bits, s.ways, s.ports.read_write, s.ports.read, s.ports.write, s.ports.search,
            s.port_bits, s.ecc, machine.area.node, machine.area.cacti);
        auto known = known_.find(key);
        if (known == known_.end()) known = known_.emplace(key, size(s, machine)).first;
        all.push_back(known->second);
        all.back().structure = s;
    }
    if (machine.little && machine.little_cores != 0) {
        for (SizedArray& array : arrays_of(machine.for_core(machine.cores - 1))) {
            if (array.structure.shared) continue;
            array.structure.name = little_prefix + array.structure.name;
            all.push_back(std::move(array));
        }
    }
    return all;
}

}  // namespace stile::sim
