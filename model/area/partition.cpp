// SPDX-License-Identifier: Apache-2.0
#include "model/area/partition.h"

#include <algorithm>
#include <cmath>

#include "model/area/decoder.h"

namespace stile::model::area {
namespace {

constexpr unsigned address_bits = 42, state_bits = 5;
constexpr double least_columns = 2, most = 262144;

unsigned with_ecc(unsigned bits, bool ecc) { return ecc ? bits + (bits + 7) / 8 : bits; }

unsigned default_tag(const ArraySpec& spec) {
    if (spec.kind == ArrayKind::associative)
        return address_bits + state_bits - log2_floor(spec.block_bits / 8);
    return address_bits + state_bits - log2_floor(spec.bits / 8) + log2_floor(2 * spec.ways - 1);
}

double rows_of(const ArraySpec& spec, const Cut& cut) {
    return std::ceil(static_cast<double>(spec.bits) / (spec.block_bits * cut.nspd * spec.ways * cut.ndbl));
}

double columns_of(const ArraySpec& spec, Part part, const Cut& cut) {
    const unsigned bits = part != Part::tags ? spec.block_bits
                          : spec.tag_bits    ? *spec.tag_bits
                                             : default_tag(spec);
    return std::ceil(bits * cut.nspd * spec.ways / cut.ndwl);
}

void protect(Partition& p, bool ecc) {
    for (unsigned* bits : {&p.mat_out, &p.mat_in, &p.search_out, &p.search_in, &p.bank_in, &p.bank_out,
                           &p.bank_search_in, &p.bank_search_out})
        *bits = with_ecc(*bits, ecc);
}

std::optional<Partition> associative(const Technology& t, const ArraySpec& spec, const Cut& cut) {
    if (cut.ndcm != 1 || cut.sam1 != 1 || cut.sam2 != 1) return {};
    Partition p{.part = Part::associative, .cut = cut, .ports = spec.ports};
    p.tag_bits = (spec.tag_bits.value_or(default_tag(spec)) + 3) / 4 * 4;
    p.rows = static_cast<unsigned>(spec.bits / (uint64_t{spec.block_bits} * cut.ndbl));
    if (p.rows == 0 || p.rows > most || p.tag_bits < least_columns) return {};
    p.cam_columns = with_ecc(p.tag_bits, spec.ecc);
    p.ram_columns = with_ecc(spec.block_bits, spec.ecc);
    p.columns = p.cam_columns + p.ram_columns;
    p.subarrays = cut.ndbl;
    p.mats_across = cut.ndbl == 2 ? 1 : static_cast<unsigned>(std::sqrt(cut.ndbl / 4.));
    p.mats_down = cut.ndbl == 2 ? 1 : static_cast<unsigned>(cut.ndbl / 4. / p.mats_across);
    p.mats = p.mats_across * p.mats_down;
    const unsigned port = spec.port_bits ? spec.port_bits : spec.block_bits;
    p.search_out = spec.block_bits;
    p.mat_out = p.mat_in = spec.block_bits + p.tag_bits;
    p.search_in = p.bank_search_in = p.tag_bits;
    p.mat_address = log2_floor(p.rows) + log2_floor(p.subarrays / p.mats);
    p.bank_select = log2_floor(p.mats);
    p.bank_in = p.bank_out = port + p.tag_bits;
    p.bank_search_out = port;
    const Ports& ports = p.ports;
    const double wires =
        2 * t.local.pitch * (static_cast<double>(p.all()) - 1 + static_cast<double>(ports.search) - 1);
    p.cam_width = t.cam_width + wires, p.cam_height = t.cam_height + wires;
    p.cell_width = t.sram_width + wires, p.cell_height = t.sram_height + wires;
    protect(p, spec.ecc);
    return p;
}

}  // namespace

unsigned chosen_columns(const ArraySpec& spec, Part part, const Cut& cut) {
    if (part == Part::associative) return cut.ndwl == 1 && cut.nspd == 1 && cut.ndbl >= 2;
    if (cut.ndwl < 2 || cut.ndbl < 2) return 0;
    const double rows = rows_of(spec, cut), columns = columns_of(spec, part, cut);
    return rows >= spec.least_rows && rows <= most && columns >= least_columns && columns <= most
               ? static_cast<unsigned>(columns)
               : 0;
}

std::optional<Partition> partition(const Technology& t, const ArraySpec& spec, Part part, const Cut& cut) {
    const unsigned bare_columns = chosen_columns(spec, part, cut);
    if (bare_columns == 0) return {};
    if (part == Part::associative) return associative(t, spec, cut);
    const bool tags = part == Part::tags;
    Partition p{.part = part, .cut = cut, .ports = spec.ports, .ways = spec.ways};
    if (tags) p.tag_bits = spec.tag_bits.value_or(default_tag(spec));
    p.rows = static_cast<unsigned>(rows_of(spec, cut));
    p.columns = with_ecc(bare_columns, spec.ecc);
    p.subarrays = cut.ndwl * cut.ndbl;
    p.mats_across = cut.ndwl / 2;
    p.mats_down = cut.ndbl / 2;
    p.mats = p.mats_across * p.mats_down;
    const unsigned per_mat = p.subarrays / p.mats;
    p.mat_out = std::max(per_mat * bare_columns / (cut.ndcm * cut.sam1 * cut.sam2), 1u);
    if (p.mat_out < per_mat) return {};
    const unsigned port = spec.port_bits ? spec.port_bits : spec.block_bits;
    unsigned wanted = port;  // bits that a row of mats delivers
    p.sa_mux = cut.sam1;
    if (tags) {
        wanted = p.tag_bits * spec.ways;
        if (p.mat_out < p.tag_bits) return {};
    } else if ((p.sa_mux = cut.sam1 / spec.ways) < 1) {
        return {};
    }
    p.active_mats = wanted / p.mat_out;
    if (p.active_mats == 0 || p.active_mats > p.mats_across) return {};
    if (tags) p.mat_out = spec.ways / p.active_mats;
    p.mat_in = tags ? p.tag_bits : p.mat_out;
    p.mat_address = log2_floor(p.rows) + log2_floor(cut.ndcm) + log2_floor(p.sa_mux) + log2_floor(cut.sam2);
    p.bank_select = log2_floor(p.mats / p.active_mats);
    p.bank_in = tags ? p.tag_bits : port + spec.ways;
    p.bank_out = tags ? spec.ways : port;
    if (!tags && spec.ways > 1) p.way_signals = spec.ways;
    const double wires = 2 * t.local.pitch * (static_cast<double>(p.all()) - 1);
    p.cell_width = t.sram_width + wires, p.cell_height = t.sram_height + wires;
    p.ports.search = 0;
    protect(p, spec.ecc);
    return p;
}

}  // namespace stile::model::area
