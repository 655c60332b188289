// SPDX-License-Identifier: Apache-2.0
#include "sim/area/energy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

#include "model/area/inventory.h"

namespace stile::sim {
namespace {

using model::MachineConfig;
using model::area::Structure;

struct Term {
    const char* counter;  // of the core, or the whole path for what cores share
    unsigned times = 1;
};

struct Activity {
    const char* array;
    std::vector<Term> terms;
    const char* what;
};

// A line that comes in or goes out is one access, however wide the port: our choice. The tables of tage are
// read together.
std::vector<Activity> activities(const MachineConfig& m) {
    const char *lookups = "look-ups and lines brought in or out", *searched = "look-ups";
    return {
        {"l1d", {{"dcache.accesses"}, {"dcache.misses"}, {"dcache.prefetches"}, {"l2.writebacks"}}, lookups},
        {"l2", {{"l2.accesses"}, {"l2.misses"}, {"l2.prefetches", 2}, {"l2.writebacks"}}, lookups},
        {"llc", {{"llc.accesses"}, {"llc.misses"}, {"llc.writebacks"}}, lookups},
        {"dtlb", {{"dcache.accesses"}, {"dtlb.misses"}}, "look-ups and fills"},
        {"dtlb.large", {{"dcache.accesses"}}, searched},
        {"stlb", {{"itlb.misses"}, {"dtlb.misses"}, {"stlb.misses"}}, "look-ups and fills"},
        {"stlb.large", {{"itlb.misses"}, {"dtlb.misses"}}, searched},
        {"walker.pml4", {{"stlb.misses"}}, searched},
        {"walker.pdpt", {{"stlb.misses"}}, searched},
        {"walker.pd", {{"stlb.misses"}}, searched},
        {"predictor.counters", {{"branch_predictor.conditional", 2}}, "a look-up and an update each"},
        {"predictor.tagged", {{"branch_predictor.conditional", m.core.predictor.tables}}, searched},
        {"predictor.btb",
         {{"branch_predictor.branches"}, {"branch_predictor.mispredicts"}, {"branch_predictor.resteers"}},
         "look-ups and corrections"},
        {"predictor.indirect", {{"branch_predictor.indirect", 2}}, "a look-up and an update each"},
        {"predictor.return_stack", {{"branch_predictor.returns", 2}}, "pushes and pops"},
        {"codoms.apl_cache",
         {{"codoms.apl_cache.transfer_lookups"},
          {"codoms.apl_cache.data_lookups"},
          {"codoms.apl_cache.capability_lookups"},
          {"codoms.apl_cache.fills"}},
         "look-ups and fills"},
        {"codoms.capabilities",
         {{"codoms.capabilities.made"}, {"codoms.capabilities.data"}, {"codoms.capabilities.fetch"}},
         "registers written, and checks that one decided"},
    };
}

// Their values so far, by path.
using Counts = std::map<std::string, double>;

double accesses(const Activity& activity, const std::string& prefix, const Counts& counts) {
    double sum = 0;
    for (const Term& term : activity.terms) {
        const auto found = counts.find(prefix + term.counter);
        if (found == counts.end())
            throw std::logic_error(fmt::format("the energy of {} needs {}{}, which nobody counts",
                                               activity.array, prefix, term.counter));
        sum += term.times * found->second;
    }
    return sum;
}

// Without a sizer: zeros.
std::vector<RowStatistic> statistics_of(const MachineConfig& machine, ArraySizer* sizer, const Counts& counts,
                                        double seconds) {
    std::vector<RowStatistic> out;
    double dynamic = 0, leakage = 0;
    const auto add = [&out](const std::string& path, double nj, const char* what) {
        out.push_back({path, nj, false, "nJ", what});
    };
    for (unsigned i = 0; i < machine.cores; ++i) {
        const MachineConfig core = machine.for_core(i);
        const std::vector<Activity> all = activities(core);
        const std::vector<Structure> arrays = model::area::inventory(core);
        const std::vector<SizedArray> sized = sizer ? sizer->arrays_of(core) : std::vector<SizedArray>();
        for (size_t at = 0; at < arrays.size(); ++at) {
            const Structure& s = arrays[at];
            if (s.shared && i != 0) continue;
            const std::string prefix = s.shared ? "" : fmt::format("core{}.", i);
            const auto activity =
                std::ranges::find_if(all, [&s](const Activity& a) { return s.name == a.array; });
            if (activity != all.end()) {
                const double nj =
                    sizer ? accesses(*activity, prefix, counts) * sized[at].size.access_pj * 1e-3 : 0;
                add(prefix + "energy." + s.name + ".dynamic", nj, activity->what);
                dynamic += nj;
            }
            const double nj = sizer ? sized[at].size.figures.leakage_mw * seconds * 1e6 : 0;
            add(prefix + "energy." + s.name + ".leakage", nj, "leakage over the simulated time");
            leakage += nj;
        }
    }
    add("energy.dynamic", dynamic, "of all arrays whose accesses are counted");
    add("energy.leakage", leakage, "of all arrays");
    return out;
}

}  // namespace

std::vector<RowStatistic> energy_statistics(const MachineConfig& machine) {
    if (machine.core.model == model::CoreModel::functional) return {};
    return statistics_of(machine, nullptr, {}, 0);
}

void add_energy(const MachineConfig& machine, ArraySizer& sizer, std::vector<RowStatistic>& row) {
    if (machine.core.model == model::CoreModel::functional) return;
    Counts counts;
    for (const RowStatistic& s : row) counts[s.path] = s.value;
    // A core that had crashed by then has counted nothing.
    const auto cycles = counts.find("sim_cycles");
    if (cycles == counts.end()) return;
    // What the functional core went through has no accesses, so it has no leakage either.
    const double timed = cycles->second - counts["fast_forward.cycles"];
    const std::vector<RowStatistic> energy =
        statistics_of(machine, &sizer, counts, timed / static_cast<double>(machine.reference_frequency()));
    row.insert(row.end(), energy.begin(), energy.end());
}

}  // namespace stile::sim
