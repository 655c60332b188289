// SPDX-License-Identifier: Apache-2.0
#include "sim/config/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/config/bind.h"
#include "sim/config/describe.h"
#include "sim/config/sweep.h"

namespace stile::sim {
namespace {

std::string cell_of(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
    return out;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

// What a heading says of the keys whose paths begin so. The longest beginning wins.
const std::vector<std::pair<std::string, std::string>> sections{
    {"extends", "Files"},
    {"workload", "What runs"},
    {"machine", "The machine"},
    {"machine.core", "A core"},
    {"machine.core.predictor", "Branch prediction"},
    {"machine.core.latencies", "Latencies by class of operation, in cycles"},
    {"machine.core.throughputs", "Cycles that an operation keeps its unit busy, by class"},
    {"machine.core.ooo", "Out of order only"},
    {"machine.core.ooo.uops", "Out of order only: micro-ops by class"},
    {"machine.core.ooo.ports", "Out of order only: ports by class"},
    {"machine.l1i", "First-level instruction cache"},
    {"machine.l1d", "First-level data cache"},
    {"machine.l2", "Second-level cache"},
    {"machine.llc", "Last-level cache and coherence"},
    {"machine.itlb", "Instruction TLB"},
    {"machine.dtlb", "Data TLB"},
    {"machine.stlb", "Second-level TLB"},
    {"machine.walker", "Page walker"},
    {"machine.memory", "Memory"},
    {"machine.memory.dram", "DRAM, in its own clocks where no unit is said"},
    {"machine.codoms", "CODOMs"},
    {"machine.codoms.checks", "CODOMs: rules that can be switched off"},
    {"machine.mpk", "Protection keys"},
    {"machine.area", "Area model"},
    {"machine.little", "Little cores"},
    {"protection", "Protection and proxies"},
    {"proxies", "Protection and proxies"},
    {"os", "The operating system"},
    {"os.checks", "The operating system: rules that can be switched off"},
    {"measure", "Measurement"},
    {"output", "Output"},
    {"sweep", "Sweeps"},
};

// Group of a key that nothing above names: the path without its last part.
std::pair<std::string, std::string> section_of(const std::string& path) {
    std::pair<std::string, std::string> best;
    for (const auto& [prefix, title] : sections)
        if ((path == prefix || path.starts_with(prefix + ".")) && prefix.size() > best.first.size())
            best = {prefix, title};
    if (best.first.empty()) best = {path.substr(0, path.find('.')), path.substr(0, path.find('.'))};
    return best;
}

std::string values_of(const Key& key) {
    constexpr size_t readable = 20;
    if (key.choices().size() <= readable) return key.kind_text();
    return fmt::format("one of {}, as `stile list parameters` names them", key.choices().size());
}

MarkdownRow row_of(const Key& key, bool with_source) {
    MarkdownRow row{code(key.path()), key.help(), values_of(key),
                    key.is_required() ? "required" : code(key.default_text())};
    if (with_source) row.push_back(key.source() == "workload" ? "" : key.source());
    return row;
}

std::string section(const std::string& title, const std::vector<const Key*>& keys) {
    const bool sources = std::ranges::any_of(
        keys, [](const Key* key) { return !key->source().empty() && key->source() != "workload"; });
    std::vector<MarkdownRow> rows{{"key", "what", "values", "default"}};
    if (sources) rows[0].emplace_back("source of the default");
    for (const Key* key : keys) rows.push_back(row_of(*key, sources));
    return fmt::format("## {}\n{}\n", title, markdown_table(rows));
}

// What has other keys below it, then the keys.
std::string sweep_section() {
    SweepConfig sweep;
    Registry keys;
    bind_sweep(keys, sweep);
    std::vector<MarkdownRow> rows{{"key", "what", "values", "default"}};
    for (const SweepForm& form : sweep_forms)
        rows.push_back({code(form.key), form.help, form.values, "none"});
    for (const Key& key : keys.keys()) rows.push_back(row_of(key, false));
    return "## Sweeps\n[sweeps.md](../sweeps.md) explains them.\n\n" + markdown_table(rows) + "\n";
}

}  // namespace

std::string markdown_table(const std::vector<MarkdownRow>& rows) {
    std::string out;
    for (size_t i = 0; i < rows.size(); ++i) {
        for (const std::string& cell : rows[i]) out += "| " + cell_of(cell) + " ";
        out += "|\n";
        if (i > 0) continue;
        for (size_t column = 0; column < rows[0].size(); ++column) out += "| --- ";
        out += "|\n";
    }
    return out;
}

std::string parameter_reference(const workload::PluginList& workloads) {
    RunConfig config;
    Registry keys;
    bind_run(keys, config);
    std::string out =
        "# Parameters\n\n"
        "Every key of a configuration file, as `stile list parameters` prints them too. Written by "
        "`scripts/reference`; do not edit.\n\n"
        "Sizes, times and frequencies take units (`32 KiB`, `2 ms`, `3.1 GHz`); a number of cycles may be "
        "given as a time.\n"
        "Here and in `--set` the names of a key are put together with dots, in a file they are nested: "
        "`machine.l1d.size` is `machine: {l1d: {size: 16 KiB}}`.\n"
        "Sources are named in full in [timing.md](../timing.md) and [memory.md](../memory.md).\n\n"
        "## Files\n" +
        markdown_table({{"key", "what", "values", "default"},
                        {"`extends`",
                         "path of a YAML file, or a list of them, that this one is put over; relative to it",
                         "text or list of text", "none"}}) +
        "\n";
    std::vector<std::string> titles;
    for (const Key& key : keys.keys()) {
        const std::string title = section_of(key.path()).second;
        if (key.followed().empty() && std::ranges::find(titles, title) == titles.end())
            titles.push_back(title);
    }
    for (const std::string& title : titles) {
        std::vector<const Key*> members;
        for (const Key& key : keys.keys())
            if (key.followed().empty() && section_of(key.path()).second == title) members.push_back(&key);
        out += section(title, members);
    }
    if (const Followers followers = followers_of(keys); !followers.groups.empty())
        out += fmt::format(
            "`{}.KEY` is `machine.KEY` for the little cores alone, where it differs; its default is the "
            "value of `machine.KEY`.\n"
            "KEY is one of: {}.\n\n",
            followers.prefix, followers.groups);
    out += sweep_section();
    for (const workload::Plugin& plugin : workloads.plugins) {
        Registry own;
        workload::Parameters values;
        bind_parameters(own, *plugin.descriptor, values);
        std::vector<const Key*> members;
        for (const Key& key : own.keys()) members.push_back(&key);
        const std::string title = "`workload.name: " + plugin.descriptor->name + "`";
        if (members.empty())
            out += fmt::format("## {}\n{}. It has no parameters.\n\n", title, plugin.descriptor->help);
        else
            out += section(fmt::format("{}\n{}.\n", title, plugin.descriptor->help), members);
    }
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace stile::sim
