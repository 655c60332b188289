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

std::string machines() {
    const fs::path folder = STILE_CONFIG_FOLDER "/machines";
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    if (files.empty()) return "no machine files are in " + folder.string() + "\n";
    std::sort(files.begin(), files.end());
    Cells cells;
    for (const fs::path& file : files)
        cells.push_back({file.stem().string(), file.string(), first_sentence(file)});
    return aligned(cells, 3) + "Use one with 'extends: PATH' in a run's YAML.\n";
}

// Plugins that do not load are said to stderr: the list is still of use.
workload::PluginList plugins() {
    workload::PluginList all = workload::load_all_plugins();
    for (const std::string& error : all.errors) fmt::print(stderr, "stile: {}\n", error);
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
    if (topic == "machines") return machines();
    if (topic == "mechanisms") return mechanisms();
    if (topic == "workloads") return workloads();
    if (topic == "parameters") return parameter_list(plugins());
    if (topic == "stats") return stats();
    return instructions();
}

}  // namespace stile::sim
