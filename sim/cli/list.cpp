// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "isa/describe.h"
#include "model/timing/latency_table.h"
#include "sim/cli/statistics.h"
#include "sim/config/describe.h"
#include "sim/config/ready.h"
#include "sim/process/say.h"
#include "sim/results/table.h"
#include "workloads/plugin.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;
using Cells = std::vector<std::vector<std::string>>;

// The first sentence of a YAML file's first comment that is no licence line.
std::string first_sentence(const fs::path& path) {
    std::ifstream in(path);
    std::string line, text;
    while (std::getline(in, line) && line.starts_with("#")) {
        if (line.find("SPDX") != std::string::npos) continue;
        if (line.size() < 3) {
            if (!text.empty()) break;
            continue;
        }
        text += (text.empty() ? "" : " ") + line.substr(2);
        const size_t end = text.find(". ");
        if (end != std::string::npos) return text.substr(0, end + 1);
    }
    return text;
}

// Ready configurations of one kind: machines, runs or sweeps.
std::string ready(const std::string& kind, const std::string& use) {
    Cells cells;
    for (const std::string& name : ready_names(kind)) {
        const std::string full = ready_prefix + name;
        const std::string path = ready_path(full, {});
        cells.push_back({fs::path(name).stem().string(), full, first_sentence(path)});
    }
    if (!cells.empty()) return aligned(cells, 3) + use + "\n";
    std::string folders;
    for (const fs::path& folder : ready_folders()) folders += "\n  " + (folder / kind).string();
    return "there are none; looked in:" + folders + "\n";
}

// Plugins that do not load are said to stderr: the list is still of use.
workload::PluginList plugins() {
    workload::PluginList all = workload::load_all_plugins();
    for (const std::string& error : all.errors) say("stile: {}\n", error);
    return all;
}

std::string mechanisms() {
    Cells cells;
    for (const workload::Plugin& plugin : plugins().plugins) {
        for (const workload::Mechanism& mechanism : plugin.descriptor->mechanisms) {
            cells.push_back({mechanism.name, plugin.descriptor->name, mechanism.help});
        }
    }
    return aligned(cells, 3);
}

std::string workloads() {
    Cells cells;
    for (const workload::Plugin& plugin : plugins().plugins) {
        cells.push_back({plugin.descriptor->name, plugin.descriptor->help, plugin.path.string()});
    }
    return aligned(cells, 3);
}

std::string stats() {
    Cells cells;
    for (const RowStatistic& s : possible_statistics({})) cells.push_back({s.path, s.unit, s.description});
    return aligned(cells, 3);
}

std::string joined(const std::vector<isa::OpClass>& classes) {
    std::string out;
    for (const isa::OpClass cls : classes)
        for (const model::LatencyRow& row : model::latency_table())
            if (row.cls == cls) out += (out.empty() ? "" : "+") + std::string(row.name);
    return out;
}

std::string class_column(const isa::Description& d) {
    const std::string registers = joined(d.with_registers), memory = joined(d.with_memory);
    if (memory.empty() || memory == registers) return registers;
    return registers.empty() ? memory : registers + "/" + memory;
}

std::string access_column(const isa::Form& form, const isa::Description& d) {
    std::string out;
    for (unsigned i = 0; i < 4 && form.operand[i].place != isa::Place::none; ++i)
        out += (i > 0 ? "," : "") + d.access[i];
    return out;
}

constexpr const char* oracle_names[] = {"exact", "masked", "tolerance", "none"};

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

// One line per row of the table of forms; no cell but the last holds a space that is not in the row itself.
std::string instructions() {
    Cells cells = {
        {"mnemonic", "operands", "encoding", "access", "reads", "writes", "class", "oracle", "why"}};
    for (const isa::Form& form : isa::forms()) {
        const isa::Description d = isa::describe(form);
        cells.push_back({form.mnemonic, or_dash(form.operands), form.encoding,
                         or_dash(access_column(form, d)), or_dash(d.flags_read), or_dash(d.flags_written),
                         or_dash(class_column(d)), oracle_names[static_cast<unsigned>(form.oracle)],
                         form.why});
    }
    return aligned(cells, 9);
}

}  // namespace

std::string list(const std::string& topic) {
    if (topic == "machines")
        return ready(topic, "Use one with 'extends: stile:machines/NAME.yaml' in a run's YAML.");
    if (topic == "runs") return ready(topic, "Use one with 'stile run stile:runs/NAME.yaml', or extend it.");
    if (topic == "sweeps")
        return ready(topic, "Use one with 'stile sweep stile:sweeps/NAME.yaml', or extend it.");
    if (topic == "mechanisms") return mechanisms();
    if (topic == "workloads") return workloads();
    if (topic == "parameters") return parameter_list(plugins());
    if (topic == "stats") return stats();
    return instructions();
}

}  // namespace stile::sim
