// SPDX-License-Identifier: Apache-2.0
//
// docs/reference/statistics.md. Which statistics a machine has is asked of one machine of each kind, each in
// a process of its own.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <stdexcept>

#include "sim/cli/reference.h"
#include "sim/cli/statistics.h"
#include "sim/config/reference.h"
#include "sim/process/child.h"

namespace stile::sim {
namespace {

using model::CoreModel;
using model::MachineConfig;
using model::ProtectionKind;

constexpr std::array models{CoreModel::functional, CoreModel::inorder, CoreModel::ooo};
constexpr std::array protections{ProtectionKind::none, ProtectionKind::paging, ProtectionKind::mpk,
                                 ProtectionKind::codoms};
constexpr std::array protection_names{"none", "paging", "mpk", "codoms"};

// Path, unit and description, one statistic a line.
std::string lines_of(const MachineConfig& machine) {
    std::string out;
    for (const RowStatistic& s : possible_statistics(machine))
        out += fmt::format("{}\t{}\t{}\n", s.path, s.unit, s.description);
    return out;
}

std::string in_a_child(const MachineConfig& machine) {
    const auto [child, fd] = start_child(Flow::to_us, [&](int to_us) {
        bool written = true;
        const std::string text = lines_of(machine);
        for (size_t at = 0; at < text.size() && written;) {
            const ssize_t n = write(to_us, text.data() + at, text.size() - at);
            written = n > 0;
            at += written ? static_cast<size_t>(n) : 0;
        }
        _exit(written ? 0 : 1);
    });
    const std::string text = read_all(fd);
    close(fd);
    if (reap(child) != 0) throw std::runtime_error("a machine's statistics cannot be listed");
    return text;
}

struct Entry {
    std::string unit, description;
    std::array<std::array<bool, protections.size()>, models.size()> has{};
};

struct Catalogue {
    std::vector<std::string> order;
    std::map<std::string, Entry> entries;
};

// A statistic that only some machines have goes where the first of them has it.
Catalogue catalogue() {
    Catalogue all;
    for (size_t m = models.size(); m-- > 0;) {
        for (size_t p = protections.size(); p-- > 0;) {
            MachineConfig machine;
            machine.core.model = models[m];
            machine.protection = protections[p];
            std::istringstream lines(in_a_child(machine));
            std::string before;
            for (std::string line; std::getline(lines, line);) {
                const size_t tab = line.find('\t'), second = line.find('\t', tab + 1);
                const std::string path = line.substr(0, tab);
                const auto [it, fresh] = all.entries.try_emplace(path);
                if (fresh) {
                    it->second.unit = line.substr(tab + 1, second - tab - 1);
                    it->second.description = line.substr(second + 1);
                    const auto place = std::ranges::find(all.order, before);
                    all.order.insert(place == all.order.end() ? place : place + 1, path);
                }
                it->second.has[m][p] = true;
                before = path;
            }
        }
    }
    return all;
}

// It is there, but a machine of these kinds alone ever counts there: the functional core has no caches, TLBs
// and predictors, and where domains are not checked none is crossed.
bool timed_only(const std::string& path) {
    for (const char* part :
         {"memory.", "llc.", "core0.icache", "core0.dcache", "core0.itlb", "core0.dtlb", "core0.stlb",
          "core0.branch_predictor", "core0.l2", "roi.l1", "roi.l2", "roi.llc", "roi.itlb", "roi.dtlb",
          "roi.stlb", "roi.branch", "roi.conditional", "roi.indirect", "roi.return"})
        if (path.starts_with(part)) return true;
    return false;
}

bool codoms_only(const std::string& path) {
    // Instructions that make capabilities run without domains, too.
    for (const char* any : {"made", "revocations", "verifications"})
        if (path.ends_with(any)) return false;
    for (const char* part : {"core0.codoms.", "roi.apl_", "roi.capabilit", "roi.crossing", "roi.domain_",
                             "core0.phase.refill_apl"})
        if (path.starts_with(part)) return true;
    return false;
}

std::string counted_with(const std::string& path, const Entry& entry) {
    std::string cores, kinds;
    bool all_cores = true, all_kinds = true;
    for (size_t m = 0; m < models.size(); ++m) {
        const bool any = std::ranges::any_of(entry.has[m], [](bool has) { return has; }) &&
                         !(models[m] == CoreModel::functional && timed_only(path));
        all_cores &= any;
        if (any) cores += fmt::format("{}`{}`", cores.empty() ? "" : ", ", name_of(models[m]));
    }
    for (size_t p = 0; p < protections.size(); ++p) {
        const bool any = std::ranges::any_of(entry.has, [p](const auto& row) { return row[p]; }) &&
                         !(protections[p] != ProtectionKind::codoms && codoms_only(path));
        all_kinds &= any;
        if (any) kinds += fmt::format("{}`{}`", kinds.empty() ? "" : ", ", protection_names[p]);
    }
    if (all_cores && all_kinds) return "";
    return all_cores ? kinds : all_kinds ? cores : cores + "; " + kinds;
}

struct Part {
    const char *prefix, *title, *about;
};
constexpr Part parts[] = {
    {"sim_", "The whole run", ""},
    {"memory.", "Memory", "Lines and DRAM transfers ([memory.md](../memory.md))."},
    {"llc.", "Last-level cache and directory", ""},
    {"console.", "Console", ""},
    {"core0.codoms.", "CODOMs, of each core", "[codoms.md](../codoms.md) says what these events are."},
    {"core0.phase.", "Phases, of each core",
     "Cycles by the kind of code that ran ([measurement.md](../measurement.md)); they sum to "
     "`core0.cycles`."},
    {"core0.branch_predictor.", "Branch prediction, of each core", ""},
    {"core0.l2.", "Second-level cache, of each core", ""},
    {"core0.energy.", "Energy of a core's arrays",
     "[area.md](../area.md#energy-of-a-run) says what is counted."},
    {"energy.", "Energy of what cores share", ""},
    {"core0.", "A core", "There is one such list per core: `core1.`, `core2.` and so on."},
    {"roi.", "The region of interest",
     "From the first timed call to the last, and what lies between them: cycles of the core that ends the "
     "region, events of all cores."},
    {"fast_forward.", "What the functional core did first", "With `measure.fast_forward` only."},
};

const Part& part_of(const std::string& path) {
    for (const Part& part : parts)
        if (path.starts_with(part.prefix)) return part;
    throw std::runtime_error("statistic_reference(): no heading for the statistic " + path);
}

}  // namespace

std::string statistic_reference() {
    const Catalogue all = catalogue();
    std::string out =
        "# Statistics\n\n"
        "What `stats.txt` and `stats.json` hold for every row, as `stile list stats` prints it too. Written "
        "by "
        "`scripts/reference`; do not edit.\n\n"
        "Counters run from reset to the end of the row, in the functional part of a fast-forwarded run as "
        "well. "
        "The last column says which core models and which\n"
        "`protection` count something there; elsewhere the statistic is missing or 0. Where it is empty all "
        "do.\n\n";
    // In the order in which a reader meets the headings, not in that of the tests for prefixes above.
    for (const char* first :
         {"sim_", "core0.", "core0.branch_predictor.", "core0.l2.", "core0.codoms.", "core0.phase.",
          "core0.energy.", "llc.", "memory.", "energy.", "console.", "roi.", "fast_forward."}) {
        std::vector<MarkdownRow> rows{{"statistic", "unit", "what", "with"}};
        const Part* part = nullptr;
        for (const std::string& path : all.order) {
            if (std::string(part_of(path).prefix) != first) continue;
            part = &part_of(path);
            const Entry& entry = all.entries.at(path);
            rows.push_back({"`" + path + "`", entry.unit, entry.description, counted_with(path, entry)});
        }
        if (!part) continue;
        out += fmt::format("## {}\n{}{}{}\n", part->title, part->about, *part->about ? "\n\n" : "",
                           markdown_table(rows));
    }
    out +=
        "## Named by the guest\n"
        "These are there when they are not 0.\n\n" +
        markdown_table({{"statistic", "unit", "what"},
                        {"`report.NAME`", "", "what the workload reports; see its page"},
                        {"`kernel.enosys.NAME`", "calls", "calls of a system call that the kernel lacks"},
                        {"`core.unsupported.MNEMONIC`", "count",
                         "times that an instruction was met which Stile lacks"}});
    return out;
}

}  // namespace stile::sim
