// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "model/area/flip_flops.h"
#include "model/area/inventory.h"

namespace stile::model::area {
namespace {

// Below it decoders and sense amplifiers would be larger than what they serve.
constexpr uint64_t fewest_rows = 8;
constexpr unsigned narrow = 8, word = 64;

ArrayFigures between(const ArrayFigures& a, const ArrayFigures& b, double part) {
    const auto mix = [part](double x, double y) { return x + (y - x) * part; };
    return {mix(a.access_ns, b.access_ns), mix(a.read_nj, b.read_nj),     mix(a.leakage_mw, b.leakage_mw),
            mix(a.area_mm2, b.area_mm2),   mix(a.search_nj, b.search_nj), mix(a.cycle_ns, b.cycle_ns)};
}

// Ways that are no power of two lie between the powers around them.
std::optional<ArrayFigures> with_any_ways(ArraySpec spec) {
    const unsigned ways = spec.ways, below = std::bit_floor(ways);
    spec.ways = below;
    const auto low = estimate(spec);
    if (below == ways || !low) return low;
    spec.ways = 2 * below;
    const auto high = estimate(spec);
    if (!high) return {};
    return between(*low, *high, static_cast<double>(ways - below) / below);
}

}  // namespace

ArraySpec spec_of(const Structure& s, unsigned nm) {
    ArraySpec spec{s.kind, s.entries * s.data_bits, s.data_bits, s.ways, {}, s.port_bits, s.ports, nm, s.ecc};
    if (s.kind != ArrayKind::ram) spec.tag_bits = s.tag_bits;
    // Counters are read by the word.
    else if (s.data_bits < narrow && spec.bits > word)
        spec.block_bits = word;
    return spec;
}

Sized size_of(const Structure& s, unsigned nm) {
    const ArraySpec spec = spec_of(s, nm);
    const auto lookup = [&s](const ArrayFigures& f) {
        return 1e3 * (s.kind == ArrayKind::associative ? f.search_nj : f.read_nj);
    };
    if (s.entries >= fewest_rows) {
        if (const auto f = with_any_ways(spec)) return {*f, Style::sram, lookup(*f)};
        // Sets too few for subarrays: a row per entry, of which a look-up reads as many as there are ways.
        ArraySpec rows{ArrayKind::ram, s.bits(), s.data_bits + s.tag_bits, 1, {}, 0, s.ports, nm, s.ecc};
        rows.ports.search = 0;
        if (s.kind == ArrayKind::cache)
            if (const auto f = estimate(rows)) return {*f, Style::banked, lookup(*f) * s.ways};
    }
    const ArrayFigures f = flip_flops(s, nm);
    return {f, Style::flip_flops, lookup(f)};
}

}  // namespace stile::model::area
