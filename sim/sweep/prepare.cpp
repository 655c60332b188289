// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "sim/area/arrays.h"
#include "sim/config/describe.h"
#include "sim/config/nearest.h"
#include "sim/results/csv.h"
#include "sim/results/sha256.h"
#include "sim/run/build_info.h"
#include "sim/run/kernel_image.h"
#include "sim/run/progress_line.h"
#include "sim/sweep/identity.h"
#include "sim/sweep/interrupt.h"

namespace stile::sim {
namespace {

// The same fault in many points is told once.
class InvalidPoints {
  public:
    void add(size_t point, const Faults& faults) {
        for (const Fault& fault : faults) {
            auto known = std::find_if(seen_.begin(), seen_.end(),
                                      [&](const Seen& seen) { return seen.fault.text() == fault.text(); });
            if (known == seen_.end()) known = seen_.insert(seen_.end(), {fault, point, 0});
            ++known->points;
        }
    }
    bool any() const { return !seen_.empty(); }

    Faults told(const LoadedSweep& sweep) const {
        Faults all;
        for (const Seen& seen : seen_) {
            Fault fault = seen.fault;
            fault.wrong += fmt::format(" in {} of {} points, first with {}", seen.points, sweep.points(),
                                       sweep.text(seen.first));
            fault.remedy +=
                (fault.remedy.empty() ? "" : "; ") +
                std::string("zip keys that must go together, or 'invalid: skip' leaves such points out");
            all.push_back(fault);
        }
        return all;
    }

  private:
    struct Seen {
        Fault fault;
        size_t first, points;
    };
    std::vector<Seen> seen_;
};

std::vector<StoredArray> arrays_of(ArraySizer& sizer, const model::MachineConfig& machine) {
    std::vector<StoredArray> all;
    for (const SizedArray& array : sizer.arrays_of(machine)) {
        const model::area::ArrayFigures& f = array.size.figures;
        all.push_back({array.structure.name, array.structure.bits(), f.area_mm2, f.access_ns,
                       array.size.access_pj, f.leakage_mw, array.structure.shared});
    }
    return all;
}

std::string identity_text(const LoadedSweep& sweep) {
    std::string text;
    for (const auto& [key, value] : sweep.identity()) text += key + ": " + value + "\n";
    return text;
}

std::map<std::string, std::string> lines_of(const std::string& identity) {
    std::map<std::string, std::string> all;
    std::istringstream in(identity);
    for (std::string line; std::getline(in, line);) {
        const size_t colon = line.find(": ");
        if (colon != std::string::npos) all[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return all;
}

std::string value_of(const std::map<std::string, std::string>& all, const std::string& key) {
    const auto found = all.find(key);
    return found == all.end() ? "" : found->second;
}

// What the report is to look at must be there; statistics are known only when they come.
void check_report(const LoadedSweep& sweep, const StoredSweep& stored) {
    std::vector<std::string> columns = parse_csv(results_csv({}, stored.reports)).header;
    for (const char* name : {"area_mm2", "area_swept_mm2", "access_ns_swept"}) columns.emplace_back(name);
    for (const StoredAxis& axis : stored.axes) columns.push_back(axis.key);
    Faults faults;
    for (const char* path : {"sweep.report.cost", "sweep.report.objective"}) {
        const Key& key = *sweep.keys().find(path);
        const std::string name = std::get<std::string>(key.load());
        if (name.find('.') != std::string::npos ||
            std::find(columns.begin(), columns.end(), name) != columns.end())
            continue;
        const std::string near = nearest(name, columns);
        faults.push_back({key.place(), fmt::format("'{}' cannot be '{}'", path, name),
                          near.empty() ? "a column of results.csv or a statistic is expected"
                                       : "did you mean '" + near + "'?"});
    }
    if (!faults.empty()) throw BadInput(std::move(faults));
}

}  // namespace

StoredSweep prepare(const LoadedSweep& sweep) {
    const RunConfig& base = sweep.base().config;
    StoredSweep stored;
    for (const SweptAxis& axis : sweep.config().axes)
        for (const SweptKey& key : axis.keys) stored.axes.push_back({key.key, key.unit, axis.zip_group});
    for (const workload::Report& report : base.plugin.descriptor->reports)
        stored.reports.push_back(report.name);
    check_report(sweep, stored);

    InvalidPoints invalid;
    InputHash inputs;
    ArraySizer sizer;
    ProgressLine line(std::chrono::seconds(1));
    for (size_t point = 1; point <= sweep.points(); ++point) {
        if (line.due()) line.show(fmt::format("preparing point {} of {}", point, sweep.points()));
        StoredPoint& p = stored.points.emplace_back();
        for (const auto& [key, value] : sweep.values(point))
            p.values.push_back({key->key, value->text, value->number});
        try {
            const auto loaded = sweep.load(point);
            p.config_sha256 = sha256(resolved_yaml(loaded->keys));
            inputs.add(make_rows(*loaded));
            p.arrays = arrays_of(sizer, loaded->config.machine);
        } catch (const BadInput& bad) {
            // The same Control-C has ended a CACTI.
            if (interrupted()) throw Interrupted();
            for (const Fault& fault : bad.faults())
                p.invalid += (p.invalid.empty() ? "" : "\n") + fault.wrong +
                             (fault.remedy.empty() ? "" : "; " + fault.remedy);
            invalid.add(point, bad.faults());
        }
        if (interrupted()) throw Interrupted();
    }
    const bool nothing_left = std::all_of(stored.points.begin(), stored.points.end(),
                                          [](const StoredPoint& p) { return !p.invalid.empty(); });
    if (invalid.any() && (nothing_left || sweep.config().invalid == "error"))
        throw BadInput(invalid.told(sweep));

    const std::string identity = identity_text(sweep);
    const SweepConfig& config = sweep.config();
    stored.meta = {{"name", base.name},
                   {"identity", identity},
                   {"config_sha256", sha256(identity)},
                   {"program_sha256", program_sha256()},
                   {"kernel_sha256", sha256(kernel_image())},
                   {"plugin_sha256", plugin_sha256(base)},
                   {"inputs_sha256", inputs.text()},
                   {"config_yaml", sweep.yaml()},
                   {"cost", config.cost},
                   {"objective", config.objective},
                   {"better", config.better},
                   {"points", std::to_string(sweep.points())},
                   {"git", build_git_hash()},
                   {"version", STILE_VERSION}};
    return stored;
}

Faults differences(const std::string& directory, const std::map<std::string, std::string>& begun,
                   const std::map<std::string, std::string>& now) {
    Faults faults;
    const std::string remedy = "another --out begins a new sweep";
    const auto differ = [&](const char* key) { return value_of(begun, key) != value_of(now, key); };
    if (differ("config_sha256")) {
        const auto old_lines = lines_of(value_of(begun, "identity")),
                   lines = lines_of(value_of(now, "identity"));
        std::map<std::string, std::string> all = old_lines;
        all.insert(lines.begin(), lines.end());
        for (const auto& [key, either] : all) {
            const std::string was = value_of(old_lines, key), is = value_of(lines, key);
            if (was == is) continue;
            faults.push_back({{directory, 0, 0},
                              "'" + key + "' is " + (is.empty() ? "not there" : is) +
                                  ", the sweep was begun " + (was.empty() ? "without it" : "with " + was),
                              remedy});
        }
    }
    // The program's hash says so too, but less well.
    if (differ("kernel_sha256")) {
        faults.push_back(
            {{directory, 0, 0}, "the guest kernel is not the one that the sweep was begun with", remedy});
    } else if (differ("program_sha256")) {
        faults.push_back({{directory, 0, 0},
                          "this program is not the one that the sweep was begun with (stile " +
                              value_of(begun, "version") + ", " + value_of(begun, "git") + ")",
                          "go on with that one; " + remedy});
    }
    if (differ("plugin_sha256"))
        faults.push_back({{directory, 0, 0},
                          "the workload's plugin is not the one that the sweep was begun with",
                          remedy});
    // Other keys make other rows: then this says nothing new.
    if (!differ("config_sha256") && !differ("plugin_sha256") && differ("inputs_sha256")) {
        faults.push_back(
            {{directory, 0, 0},
             "files that the workload takes from this computer have changed since the sweep was begun",
             remedy});
    }
    return faults;
}

}  // namespace stile::sim
