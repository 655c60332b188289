// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/area.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/area/arrays.h"
#include "sim/results/table.h"

namespace stile::sim {
namespace {

using model::area::Structure;

std::string ports_text(const model::area::Ports& p) {
    std::string text;
    const auto add = [&text](unsigned n, const char* what) {
        if (n != 0) text += fmt::format("{}{}{}", text.empty() ? "" : "+", n, what);
    };
    add(p.read_write, "RW"), add(p.read, "R"), add(p.write, "W"), add(p.search, "S");
    return text;
}

bool is_little(const SizedArray& array) { return array.structure.name.starts_with(little_prefix); }

// What one core has, of either kind.
struct Sum {
    double area = 0, leakage = 0;
};

std::vector<SizedArray> rows_of(const model::MachineConfig& machine) {
    std::vector<SizedArray> rows = ArraySizer().arrays_of(machine);
    std::stable_sort(rows.begin(), rows.end(), [](const SizedArray& a, const SizedArray& b) {
        if (a.structure.shared != b.structure.shared) return b.structure.shared;
        if (is_little(a) != is_little(b)) return is_little(b);
        return a.size.figures.area_mm2 > b.size.figures.area_mm2;
    });
    return rows;
}

}  // namespace

std::string area_table(const model::MachineConfig& machine, bool csv) {
    const std::vector<SizedArray> rows = rows_of(machine);
    Sum big, little;
    for (const SizedArray& r : rows) {
        if (r.structure.shared) continue;
        Sum& sum = is_little(r) ? little : big;
        sum.area += r.size.figures.area_mm2;
        sum.leakage += r.size.figures.leakage_mw;
    }
    std::vector<std::vector<std::string>> cells;
    if (csv)
        cells.push_back({"structure", "style", "entries", "entry_bits", "bits", "ways", "ports", "area_mm2",
                         "access_ns", "access_cycles", "latency_cycles", "access_pJ", "leak_mW",
                         "share_of_arrays"});
    else
        cells.push_back({"structure", "style", "ports", "entries", "x bits", "ways", "mm2", "ns", "cycles",
                         "pJ", "mW", "share"});
    std::string hints;
    for (const SizedArray& r : rows) {
        const Structure& s = r.structure;
        const model::area::ArrayFigures& f = r.size.figures;
        const auto frequency =
            static_cast<double>(is_little(r) ? machine.little->frequency : machine.frequency);
        const double cycles = std::ceil(f.access_ns * 1e-9 * frequency);
        const bool slow = s.latency != 0 && cycles > static_cast<double>(s.latency);
        const std::string ways = s.kind == model::area::ArrayKind::associative ? "full"
                                 : s.kind == model::area::ArrayKind::ram       ? "-"
                                                                               : fmt::format("{}", s.ways);
        const unsigned bits = s.data_bits + s.tag_bits;
        const double share = s.shared ? NAN : f.area_mm2 / (is_little(r) ? little : big).area;
        if (csv) {
            cells.push_back({s.name, r.style, fmt::format("{}", s.entries), fmt::format("{}", bits),
                             fmt::format("{}", s.bits()), ways, ports_text(s.ports),
                             fmt::format("{:.6g}", f.area_mm2), fmt::format("{:.6g}", f.access_ns),
                             fmt::format("{:.0f}", cycles), fmt::format("{}", s.latency),
                             fmt::format("{:.6g}", r.size.access_pj), fmt::format("{:.6g}", f.leakage_mw),
                             s.shared ? "" : fmt::format("{:.6f}", share)});
        } else {
            cells.push_back(
                {s.name, r.style, ports_text(s.ports), fmt::format("{}", s.entries), fmt::format("{}", bits),
                 ways, fmt::format("{:.5f}", f.area_mm2), fmt::format("{:.3f}", f.access_ns),
                 fmt::format("{:.0f}{}", cycles, slow ? "!" : ""), fmt::format("{:.3f}", r.size.access_pj),
                 fmt::format("{:.3f}", f.leakage_mw), s.shared ? "-" : fmt::format("{:.2f} %", 100 * share)});
        }
        if (slow)
            hints += fmt::format(
                "! {}: {:.3f} ns are {:.0f} cycles at {:.2f} GHz, but its configured latency is {}\n", s.name,
                f.access_ns, cycles, frequency * 1e-9, s.latency);
    }
    if (csv) {
        std::string out;
        for (const auto& row : cells) out += fmt::format("{}\n", fmt::join(row, ","));
        return out;
    }
    const auto arrays_of = [](const char* core, const Sum& sum) {
        return fmt::format("The arrays of a {}: {:.4f} mm2, {:.1f} mW of leakage at 360 K. ", core, sum.area,
                           sum.leakage);
    };
    return aligned(cells, 3) + fmt::format("\n{} nm. ", machine.area.node) + arrays_of("core", big) +
           (little.area > 0 ? arrays_of("little core", little) : "") +
           "share: of these arrays; logic and wiring between them are not modelled.\n" + hints;
}

}  // namespace stile::sim
