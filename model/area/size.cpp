// SPDX-License-Identifier: Apache-2.0
//
// The smallest way to build a structure. What can do more can do less: nobody builds 8 ways of 32 sets where
// 8 ways of 64, or 16 of 32, are smaller. So a structure never needs more area than one that has more of it,
// however much CACTI's choice of a cut varies from size to size.
#include <algorithm>
#include <bit>

#include "model/area/flip_flops.h"
#include "model/area/inventory.h"
#include "model/area/technology.h"

namespace stile::model::area {
namespace {

constexpr unsigned narrow = 8, word = 64;
// Of a subarray. Associative ones of CACTI's have as few; below it decoders and sense amplifiers would be
// larger than what they serve.
constexpr unsigned fewest_rows = 4;
// What is tried: numbers of sets, those needed and powers of two above; ways, powers of two and those asked
// for times a power of two.
constexpr unsigned sizes = 4, most_ways = 16;

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

unsigned log2_ceil(uint64_t n) { return static_cast<unsigned>(std::bit_width(n - 1)); }

// The tag has the address bits that are not in the index, and maybe the place in an order of ways.
Structure resized(Structure s, uint64_t sets, unsigned ways) {
    if (s.kind == ArrayKind::cache) {
        if (!s.partial) {
            s.tag_bits += log2_ceil(s.entries / s.ways);
            s.tag_bits -= std::min(log2_ceil(sets), s.tag_bits - 1);
        }
        if (s.ordered) s.tag_bits += log2_ceil(ways) - log2_ceil(s.ways);
    }
    s.entries = sets * ways;
    s.ways = ways;
    return s;
}

// The same places for every entry.
Structure associative(Structure s) {
    s.tag_bits += log2_ceil(s.entries / s.ways);
    s.kind = ArrayKind::associative;
    s.ways = 1;
    s.ports = searching(s.ports);
    return s;
}

class Smallest {
  public:
    Smallest(const Structure& asked, unsigned nm) : asked_(asked), nm_(nm) {}

    void in_flip_flops() { offer(asked_, flip_flops(asked_, nm_), Style::flip_flops, {}); }
    void in_sizes(const Structure& s) {
        uint64_t sets = s.entries / s.ways;
        for (unsigned i = 0; i < sizes; ++i, sets = std::bit_ceil(sets + 1))
            in_sram(resized(s, sets, s.ways));
    }
    const Sized& best() const { return best_; }

  private:
    const Structure& asked_;
    const unsigned nm_;
    Sized best_{.figures = {.area_mm2 = 1e9}, .built = {}};

    // Subarrays have as many rows as CACTI wants if possible.
    void in_sram(const Structure& s) {
        if (cells(s) >= best_.figures.area_mm2) return;
        ArraySpec spec = spec_of(s, nm_);
        for (; spec.least_rows >= fewest_rows; spec.least_rows /= 2)
            if (const auto f = with_any_ways(spec)) return offer(s, *f, style_of(s, spec), spec);
    }
    // What is certainly needed.
    double cells(const Structure& s) const {
        const Technology& t = technology(nm_);
        return static_cast<double>(s.bits()) * t.sram_width * t.sram_height * 1e-6;
    }
    Style style_of(const Structure& s, const ArraySpec& spec) const {
        if (s.kind != asked_.kind) return Style::associative;
        if (s.entries != asked_.entries || s.ways != asked_.ways) return Style::larger;
        return spec.least_rows < ArraySpec{}.least_rows ? Style::shallow : Style::sram;
    }
    void offer(const Structure& s, const ArrayFigures& f, Style style, const ArraySpec& built) {
        if (f.area_mm2 >= best_.figures.area_mm2) return;
        best_ = {f, style, 1e3 * (s.kind == ArrayKind::associative ? f.search_nj : f.read_nj), built};
    }
};

}  // namespace

Ports searching(const Ports& p) {
    return {std::max(p.read_write + p.write, 1u), 0, 0, p.read_write + p.read};
}

ArraySpec spec_of(const Structure& s, unsigned nm) {
    ArraySpec spec{s.kind, s.entries * s.data_bits, s.data_bits, s.ways, {}, s.port_bits, s.ports, nm, s.ecc};
    if (s.kind != ArrayKind::ram) spec.tag_bits = s.tag_bits;
    // Counters are read by the word.
    else if (s.data_bits < narrow && spec.bits > word)
        spec.block_bits = word;
    return spec;
}

Sized size_of(const Structure& s, unsigned nm) {
    Smallest smallest(s, nm);
    smallest.in_flip_flops();
    if (s.all_at_once) return smallest.best();
    smallest.in_sizes(s);
    if (s.kind != ArrayKind::cache) return smallest.best();
    for (unsigned ways = s.ways + 1; ways <= most_ways && ways < s.entries; ++ways) {
        // A look-up reads one set, which has to hold a whole one of those asked for, or several.
        const unsigned held = ways / s.ways;
        if (!std::has_single_bit(ways) && !(ways % s.ways == 0 && std::has_single_bit(held))) continue;
        smallest.in_sizes(resized(s, (s.entries / s.ways + held - 1) / held, ways));
    }
    smallest.in_sizes(associative(s));
    return smallest.best();
}

}  // namespace stile::model::area
