// SPDX-License-Identifier: Apache-2.0
#include "model/area/array.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "model/area/htree.h"
#include "model/area/mat.h"

namespace stile::model::area {
namespace {

// Data, tags or both (associative) of an array, cut in one way.
struct Bank {
    double access = 0, cycle = 0, energy = 0, search_energy = 0, leakage = 0, width = 0, height = 0;
    // Up to the multiplexers that a tag's match sets, up to the drivers behind them, and from those on.
    double way_select = 0, before_output = 0, after_output = 0;
};

Bank evaluate(const Technology& t, const Partition& p, const RowPath& path) {
    const Mat mat(t, p, path);
    const bool cam = p.part == Part::associative;
    const Ports& ports = p.ports;
    const double address = (p.mat_address + p.bank_select) * p.all();
    const double in = p.bank_in * (ports.read_write + ports.write), out = p.bank_out * p.reading();
    const Floor floor{mat.width,
                      mat.height,
                      p.mats_across,
                      p.mats_down,
                      address,
                      in + out,
                      static_cast<double>((p.bank_search_in + p.bank_search_out) * ports.search)};
    const HTree addresses(t, floor, TreeKind::in, address), outputs(t, floor, TreeKind::out, out);
    Bank bank;
    bank.width = outputs.width, bank.height = outputs.height;
    bank.after_output = mat.output + outputs.delay;
    bank.energy = mat.read_energy * p.active_mats + addresses.energy + outputs.energy;
    bank.leakage = mat.leakage * p.mats;
    bank.cycle = mat.cycle;
    if (cam) {
        const HTree inputs(t, floor, TreeKind::in, in), search_in(t, floor, TreeKind::search_in, in),
            search_out(t, floor, TreeKind::search_out, out);
        bank.access = addresses.delay + mat.match + mat.bit_line + bank.after_output;
        bank.search_energy =
            mat.search_energy * p.mats + mat.hit_energy + search_in.energy + search_out.energy;
        bank.leakage +=
            addresses.leakage + inputs.leakage + outputs.leakage + search_in.leakage + search_out.leakage;
        return bank;
    }
    bank.way_select = addresses.delay + std::max(mat.sa_mux1, mat.sa_mux2);
    bank.before_output = std::max({addresses.delay + mat.word_line + mat.bit_line + mat.sense,
                                   addresses.delay + mat.column_select + mat.sense, bank.way_select});
    bank.access = bank.before_output + bank.after_output;
    return bank;
}

std::vector<Bank> all_banks(const Technology& t, const ArraySpec& spec, Part part) {
    constexpr unsigned most_cuts = 512, most_mux = 256;
    std::vector<Bank> banks;
    const double port = part == Part::data && spec.port_bits ? spec.port_bits : spec.block_bits;
    const double first = part == Part::tags ? .125 : part == Part::data ? port / spec.block_bits : 1;
    Cut cut;
    const auto multiplexed = [&](unsigned columns) {
        std::optional<RowPath> path;
        const auto most = [&](unsigned chosen) { return std::min(columns / chosen, most_mux); };
        for (cut.ndcm = 1; cut.ndcm <= most(1); cut.ndcm *= 2)
            for (cut.sam1 = 1; cut.sam1 <= most(cut.ndcm); cut.sam1 *= 2)
                for (cut.sam2 = 1; cut.sam2 <= most(cut.ndcm * cut.sam1); cut.sam2 *= 2)
                    if (const auto p = partition(t, spec, part, cut)) {
                        if (!path) path.emplace(t, *p);
                        banks.push_back(evaluate(t, *p, *path));
                    }
        cut.ndcm = cut.sam1 = cut.sam2 = 1;
    };
    for (cut.nspd = first; cut.nspd <= most_mux; cut.nspd *= 2)
        for (cut.ndwl = 1; cut.ndwl <= most_cuts; cut.ndwl *= 2)
            for (cut.ndbl = 1; cut.ndbl <= most_cuts; cut.ndbl *= 2)
                if (const unsigned columns = chosen_columns(spec, part, cut)) multiplexed(columns);
    return banks;
}

struct Least {
    double access = std::numeric_limits<double>::max(), energy = access, leakage = access, area = access,
           cycle = access;
    explicit Least(const std::vector<Bank>& banks) {
        for (const Bank& b : banks) {
            access = std::min(access, b.access), energy = std::min(energy, b.energy);
            leakage = std::min(leakage, b.leakage), area = std::min(area, b.width * b.height);
            cycle = std::min(cycle, b.cycle);
        }
    }
};

// Tags: the shortest cycle of those that are at most 20 % slower than the fastest.
const Bank* best_tags(const std::vector<Bank>& banks) {
    const Least least(banks);
    const Bank* best = nullptr;
    constexpr double slower = 1.2, any = 1001;
    for (const Bank& b : banks) {
        if (b.access > slower * least.access || b.energy > any * least.energy ||
            b.leakage > any * least.leakage || b.width * b.height > any * least.area ||
            b.cycle > any * least.cycle)
            continue;
        if (!best || b.cycle <= best->cycle) best = &b;
    }
    return best;
}

}  // namespace

std::optional<ArrayFigures> estimate(const ArraySpec& spec) {
    const Technology& t = technology(spec.nm);
    const bool cam = spec.kind == ArrayKind::associative;
    const std::vector<Bank> data = all_banks(t, spec, cam ? Part::associative : Part::data);
    if (data.empty()) return {};
    std::vector<Bank> tag_banks;
    const Bank* tags = nullptr;
    if (spec.kind == ArrayKind::cache) {
        tag_banks = all_banks(t, spec, Part::tags);
        tags = best_tags(tag_banks);
        if (!tags) return {};
    }
    const Least least(data);
    std::optional<ArrayFigures> best;
    double best_cost = std::numeric_limits<double>::max();
    for (const Bank& d : data) {
        if (d.access > 1.5 * least.access && d.energy > 1.5 * least.energy) continue;
        const double access =
            tags ? std::max(tags->access + d.way_select, d.before_output) + d.after_output : d.access;
        const double energy = d.energy + (tags ? tags->energy : 0), cost = access * access * energy;
        if (cost >= best_cost) continue;
        best_cost = cost;
        const double height = tags ? std::max(d.height, tags->height) : d.height;
        const double width = d.width + (tags ? tags->width : 0);
        best = ArrayFigures{
            access * 1e9,          energy * 1e9,          (d.leakage + (tags ? tags->leakage : 0)) * 1e3,
            height * width * 1e-6, d.search_energy * 1e9, std::max(d.cycle, tags ? tags->cycle : 0) * 1e9};
    }
    return best;
}

}  // namespace stile::model::area
