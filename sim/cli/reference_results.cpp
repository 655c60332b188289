// SPDX-License-Identifier: Apache-2.0
//
// docs/reference/results.md: the columns of results.csv. A column without a description here is an error,
// and so is a description without its column.
#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "sim/cli/reference.h"
#include "sim/config/reference.h"
#include "sim/results/csv.h"
#include "workloads/plugin.h"

namespace stile::sim {
namespace {

const std::map<std::string, std::string> columns{
    {"mechanism", "how client and server talk, or what the workload calls its row"},
    {"policy", "isolation properties asked for; `-` where there is no choice"},
    {"scope", "`same_process` or `cross_process`"},
    {"placement", "`same_core` or `other_core`; of several clients `spread` or `free` too"},
    {"size_bytes", "payload sent each way"},
    {"proxies", "`software`; `-` where none are used"},
    {"protection", "`none`, `paging`, `mpk` or `codoms`"},
    {"core", "`functional`, `inorder` or `ooo`"},
    {"machine", "`machine.name`"},
    {"kernel_profile", "`os.kernel_profile`"},
    {"calls", "timed calls"},
    {"cycles_mean", "mean elapsed cycles of a call, there and back, on the caller's core"},
    {"cycles_p50", "median"},
    {"cycles_p99", "99th percentile, nearest rank"},
    {"ns_mean", "`cycles_mean` as a time"},
    {"instructions", "retired in the median call; markers are not counted"},
    {"kernel_instructions", "of them, at ring 0"},
    {"syscalls", "system calls"},
    {"context_switches", "threads switched to"},
    {"page_table_switches", "writes of CR3 that changed the table"},
    {"bytes_copied", "payload bytes copied by anyone"},
    {"copies",
     "the same over the payload of both directions: 1 is one copy each way; empty up to 3 B, which cannot be "
     "told from other bytes"},
    {"copies_kernel", "of them, by the kernel"},
    {"copies_proxy", "of them, by proxies"},
    {"copies_user", "of them, by programs"},
    {"tlb_misses", "page walks"},
    {"apl_misses", "refills of the APL cache"},
    {"domain_crossings", "calls and returns between domains"},
    {"checked",
     "1: what arrived was compared byte for byte, in untimed calls of the same code; 0: it differed; empty: "
     "nothing arrives"},
    {"phase_user", "mean cycles in programs' own code"},
    {"phase_stub", "in isolation stubs"},
    {"phase_proxy", "in proxies"},
    {"phase_entry_exit", "entering and leaving the kernel"},
    {"phase_dispatch", "in the kernel, as far as no other phase has it"},
    {"phase_copy", "in the kernel, copying payload"},
    {"phase_schedule", "in the kernel, choosing the next thread"},
    {"phase_pt_switch", "in the kernel, changing the page table"},
    {"phase_refill", "in page walks and refills of the APL cache"},
    {"phase_wait", "halted"},
    {"phase_other", "in timer ticks. The phases sum to `cycles_mean`"},
    {"run_cycles", "of the reference clock, of the whole run: boot, warm-up and end included"},
    {"run_ns", "the same as a time"},
    {"run_instructions", "retired by all cores in the whole run"},
};

std::string table(const std::vector<std::string>& names) {
    std::vector<MarkdownRow> rows{{"column", "what"}};
    for (const std::string& name : names) {
        const auto found = columns.find(name);
        if (found == columns.end())
            throw std::runtime_error("result_reference(): no description of the column " + name);
        rows.push_back({"`" + name + "`", found->second});
    }
    return markdown_table(rows);
}

std::string reports() {
    std::string out;
    for (const workload::Plugin& plugin : workload::load_all_plugins().plugins) {
        if (plugin.descriptor->reports.empty()) continue;
        std::vector<MarkdownRow> rows{{"column", "unit", "what"}};
        for (const workload::Report& report : plugin.descriptor->reports)
            rows.push_back({"`" + report.name + "`", report.unit, report.help});
        out += fmt::format("\n### `{}`\n{}", plugin.descriptor->name, markdown_table(rows));
    }
    if (out.empty()) return out;
    return "\n## Columns of a workload's own\n"
           "They come after these; a cell is empty where a row did not report.\n" +
           out;
}

}  // namespace

std::string result_reference() {
    const std::vector<std::string> header = parse_csv(results_csv({})).header;
    if (header.size() != columns.size())
        throw std::runtime_error("result_reference(): a column is described that results.csv has not");
    const auto key_end = std::find(header.begin(), header.end(), "calls");
    const auto call_end = std::find(header.begin(), header.end(), "run_cycles");
    return "# results.csv\n\n"
           "One line per row, no comments. Written by `scripts/reference`; do not edit. "
           "[measurement.md](../measurement.md) says how the figures come about.\n\n"
           "## The key\n" +
           table({header.begin(), key_end}) +
           "\n## Figures of a call\n"
           "Warm, there and back. Events (`instructions` to `domain_crossings`) are those of the median call "
           "among those that no timer tick interrupted.\n\n" +
           table({key_end, call_end}) +
           "\n## Figures of the run\n"
           "Of a row that made no timed calls (workload `program`) these are all: `calls` is 0, and the "
           "cells of a "
           "call are empty. A row that failed or was refused before its first call has no line here but one "
           "in "
           "`failed.csv` or `refused.csv`. What the "
           "functional core runs first (`--fast-forward`) counts a cycle per instruction.\n\n" +
           table({call_end, header.end()}) + reports();
}

}  // namespace stile::sim
