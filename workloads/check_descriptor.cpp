// SPDX-License-Identifier: Apache-2.0
#include "workloads/check_descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace stile::workload {
namespace {

using Faults = std::vector<std::string>;

// A word that YAML, CSV and a shell take as it is.
bool is_word(std::string_view text, std::string_view more = "") {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto other = [&](char c) { return (c >= '0' && c <= '9') || more.find(c) != more.npos; };
    return !text.empty() && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

size_t alternative(Type type) {
    switch (type) {
        case Type::integer:
        case Type::bytes:
            return 0;
        case Type::boolean:
            return 1;
        case Type::string:
        case Type::path:
            return 2;
        case Type::string_list:
            return 3;
        case Type::bytes_list:
            return 4;
    }
    return std::variant_npos;
}

void check_default(const Parameter& p, const std::string& what, Faults& faults) {
    const auto number = [&](int64_t value) {
        if (value < p.min || value > p.max)
            faults.push_back(fmt::format("{}: its default {} is not in {} to {}", what, value, p.min, p.max));
    };
    const auto word = [&](const std::string& value) {
        if (!p.choices.empty() && std::find(p.choices.begin(), p.choices.end(), value) == p.choices.end())
            faults.push_back(fmt::format("{}: its default '{}' is none of its choices", what, value));
    };
    if (const auto* one = std::get_if<int64_t>(&p.default_value)) number(*one);
    if (const auto* all = std::get_if<std::vector<int64_t>>(&p.default_value))
        for (const int64_t one : *all) number(one);
    if (const auto* one = std::get_if<std::string>(&p.default_value)) word(*one);
    if (const auto* all = std::get_if<std::vector<std::string>>(&p.default_value))
        for (const std::string& one : *all) word(one);
}

void check_parameters(const Descriptor& d, Faults& faults) {
    std::set<std::string> seen;
    for (const Parameter& p : d.parameters) {
        const std::string what = fmt::format("parameter '{}'", p.name);
        if (!is_word(p.name)) faults.push_back(what + ": letters, digits and _ make a name");
        if (p.name == "name" || p.name == "expect_exit")
            faults.push_back(what + ": every workload has a key of that name");
        if (!seen.insert(p.name).second) faults.push_back(what + " is declared twice");
        if (p.help.empty()) faults.push_back(what + " has no help");
        if (p.min > p.max)
            faults.push_back(fmt::format("{}: its minimum {} is above its maximum {}", what, p.min, p.max));
        if (!p.choices.empty() && p.type != Type::string && p.type != Type::string_list)
            faults.push_back(what + " has choices, but is no string");
        if (p.default_value.index() != alternative(p.type))
            faults.push_back(what + ": its default is of another type");
        else if (!p.required)
            check_default(p, what, faults);
    }
}

void check_reports(const Descriptor& d, Faults& faults) {
    std::set<std::string> seen;
    for (const Report& r : d.reports) {
        const std::string what = fmt::format("report '{}'", r.name);
        if (!is_word(r.name, ".")) faults.push_back(what + ": letters, digits, _ and . make a name");
        if (is_fixed_column(r.name)) faults.push_back(what + ": results.csv has a column of that name");
        if (!seen.insert(r.name).second) faults.push_back(what + " is declared twice");
    }
}

bool is_absolute(const std::string& path) { return path.starts_with('/'); }

}  // namespace

bool is_fixed_column(const std::string& name) {
    static const std::set<std::string_view> names{
        // the key
        "mechanism", "policy", "scope", "placement", "size_bytes", "proxies", "protection", "core", "machine",
        "kernel_profile",
        // figures
        "calls", "cycles_mean", "cycles_p50", "cycles_p99", "ns_mean", "instructions", "kernel_instructions",
        "syscalls", "context_switches", "page_table_switches", "bytes_copied", "copies", "copies_kernel",
        "copies_proxy", "copies_user", "tlb_misses", "apl_misses", "domain_crossings", "checked",
        "run_cycles", "run_ns", "run_instructions",
        // a sweep's; its axes are full key paths, which no workload would think of
        "point", "row", "area_mm2", "area_swept_mm2", "access_ns_swept"};
    return names.contains(name) || name.starts_with("phase_") || name.starts_with("machine.") ||
           name.starts_with("workload.");
}

Faults faults_of(const Descriptor& d) {
    Faults faults;
    if (!is_word(d.name, "-")) faults.push_back(fmt::format("'{}' is no name for a workload", d.name));
    if (d.help.empty()) faults.push_back("it has no help: one line on what it does");
    if (!d.rows) faults.push_back("it has no rows(): nothing says what runs");
    check_parameters(d, faults);
    check_reports(d, faults);
    std::set<std::string> mechanisms, images;
    for (const Mechanism& m : d.mechanisms) {
        if (!is_word(m.name, "-.")) faults.push_back(fmt::format("'{}' is no name for a mechanism", m.name));
        if (!mechanisms.insert(m.name).second)
            faults.push_back(fmt::format("mechanism '{}' is declared twice", m.name));
    }
    for (const Image& i : d.images) {
        const std::string name = i.name ? i.name : "";
        if (name.empty() || name.find('/') != name.npos)
            faults.push_back(fmt::format("image '{}': a file name is right", name));
        if (!images.insert(name).second) faults.push_back(fmt::format("image '{}' is there twice", name));
        if (i.bytes.size() < 4 ||
            std::string_view(reinterpret_cast<const char*>(i.bytes.data()), 4) != "\177ELF")
            faults.push_back(fmt::format("image '{}' is no ELF file", name));
    }
    return faults;
}

Faults faults_of(const Descriptor& d, const std::vector<Row>& rows) {
    Faults faults;
    for (size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        const auto fault = [&](const std::string& what) {
            faults.push_back(fmt::format("row {}: {}", i + 1, what));
        };
        const auto is_declared = [&](const Mechanism& m) { return m.name == row.mechanism; };
        if (row.mechanism.empty()) fault("it has no mechanism");
        if (!d.mechanisms.empty() && std::none_of(d.mechanisms.begin(), d.mechanisms.end(), is_declared))
            fault(fmt::format("mechanism '{}' is none of the descriptor's", row.mechanism));
        if (row.scope != "same_process" && row.scope != "cross_process")
            fault(fmt::format("scope '{}' is neither same_process nor cross_process", row.scope));
        const auto placements = {"same_core", "other_core", "spread", "free"};
        if (std::find(placements.begin(), placements.end(), row.placement) == placements.end())
            fault(fmt::format("placement '{}' is none of same_core, other_core, spread and free",
                              row.placement));
        if (row.size_bytes < 0) fault(fmt::format("size_bytes is {}", row.size_bytes));
        if (row.processes.empty()) fault("no process runs");
        for (const Process& process : row.processes) {
            if (!is_absolute(process.path))
                fault(fmt::format("'{}' is no absolute path of a program in the guest", process.path));
            if (process.argv.empty()) fault(process.path + " has no argv[0]");
        }
        for (const File& file : row.files)
            if (!is_absolute(file.path))
                fault(fmt::format("file '{}' is no absolute path in the guest", file.path));
        for (const std::string& path : row.keep)
            if (!is_absolute(path)) fault(fmt::format("keep: '{}' is no absolute path in the guest", path));
    }
    return faults;
}

}  // namespace stile::workload
