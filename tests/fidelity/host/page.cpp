// SPDX-License-Identifier: Apache-2.0
#include "tests/fidelity/host/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tests/fidelity/host/measure.h"

namespace stile::fidelity {
namespace {

constexpr const char* introduction = R"(# Fidelity

How close does the model come to the processor it stands for? Guest micro-benchmarks run on the simulated machine
`configs/machines/xeon-e3-1220v2.yaml` (`core.model: ooo`), as code that any such processor could execute, and are held
against what is published about Ivy Bridge. This page is what `scripts/fidelity` writes; a test compares it with the model.

A loop runs n times and 2n times, warm, between `lfence; rdtsc`; the difference counts. The benchmarks are in
`tests/fidelity/guest/`, the published figures in `tests/fidelity/host/published.cpp`. Each is simulated from reset, in a
process of its own, so that no row depends on another.

*Parameter*: the figure stands in the machine file, and the row says that executed code gets it back. *Emerges*: nobody
wrote it down; it follows from several parameters and from how the model works. Error is model over published, less one.
)";

constexpr const char* limits = R"(
## Sources
| key | what |
| --- | --- |
| inst | InstLatx64/InstLatx64, `GenuineIntel00306A9_IvyBridge_InstLatX64.txt`: an i7-3770K (same die) measured with AIDA64 |
| mem | the same, `..._IvyBridge_NewMemLat.txt` and `..._MemLatX64.txt`: pointer chains in 4 KiB pages, at 3.5 GHz |
| 7cpu | 7-cpu.com/cpu/IvyBridge.html: an i7-3770 at 3.4 GHz, 2 MiB pages, one DIMM DDR3-1600 |
| agner | A. Fog, The microarchitecture of Intel, AMD and VIA CPUs: Sandy Bridge, as quoted in a forum |
| toplev | andikleen/pmu-tools, `ivb_client_ratios.py`: the costs that Intel's top-down method assumes |
| ras | stuffedcow.net/2018/04/ras-microbenchmarks |
| sky | SkyBridge (EuroSys 2019), table of primitive costs: Skylake; quoted by others |
| blitz | x86.lol/generic/2019/07/04/kernel-entry.html: under KVM, processor not stated |

## What this page does not show
- No Ivy Bridge was at hand: nothing here was measured by us on silicon. The sources are other parts of the same die (faster
  clock, other memory), and for privileged instructions other generations. Where two sources disagree, the one closest to this
  part was taken before the model was run; sources of one quantity differ by 5 to 20 %, those of privileged instructions by more.
- Some values of the machine file were chosen after a first comparison with the rows of this page, where sources gave a range or
  nothing: `mispredict`, the first level's prefetchers (off), the streamer's distance, the DRAM controller's share, `lock`, `cpuid`,
  `mov cr3`, `movd`, `ipi_latency`. Those rows show that the model can be set to the processor, not that it foretells it. No figure of
  inter-process communication was used.
- Micro-benchmarks test one thing at a time. That each part is right does not say that a whole program is: overlap of many
  misses, wrong-path effects, bank conflicts and the micro-op cache are not in these rows.
- What a `mov cr3` costs afterwards: the one published figure, 20 cycles for each page in use (Linux commit 10af6235e0d3, by
  division), is of a Skylake under nested paging. `translation_reload` is 12 here.
- Whole kernels: Linux 2.6.32 on this very processor takes 252 cycles a system call (mean of five) and 2.5 us for two context
  switches through a pipe (UnixBench). Our kernel is another and does less; its figures are results, not calibration.
- Divisions take one time each, whatever their operands; silicon takes 19 to 27 cycles for 32 bits and 22 to 105 for 64.
- Nothing of inter-process communication is on this page, and no parameter was chosen by it: mechanisms are what the model is
  used to judge.
)";

const char* name_of(Published::Kind kind) { return kind == Published::parameter ? "parameter" : "emerges"; }

std::string number(double v) { return v >= 100 ? fmt::format("{:.0f}", v) : fmt::format("{:.1f}", v); }
// Two digits where one would hide what matters.
std::string precise(double v) { return v < 2 ? fmt::format("{:.2f}", v) : number(v); }
std::string percent(double e) { return fmt::format("{:+.0f} %", 100 * e); }

std::string summary(const std::vector<Measured>& rows) {
    const auto count = [&rows](auto what) { return std::count_if(rows.begin(), rows.end(), what); };
    double sum = 0;
    for (const Measured& m : rows) sum += std::abs(m.error());
    return fmt::format(
        "\n| rows | parameter | emerges | within 15 % | off by more | mean error |\n"
        "| --- | --- | --- | --- | --- | --- |\n| {} | {} | {} | {} | {} | {:.1f} % |\n",
        rows.size(), count([](const Measured& m) { return m.row->kind == Published::parameter; }),
        count([](const Measured& m) { return m.row->kind == Published::emerges; }),
        count([](const Measured& m) { return std::abs(m.error()) <= tolerance; }),
        count([](const Measured& m) { return std::abs(m.error()) > tolerance; }),
        100 * sum / static_cast<double>(rows.size()));
}

std::string off(const std::vector<Measured>& rows) {
    std::string text;
    for (const Measured& m : rows)
        if (std::abs(m.error()) > tolerance)
            text += fmt::format("- {} ({}): {}\n", m.row->what, percent(m.error()),
                                *m.row->why ? m.row->why : "not explained");
    return text.empty() ? text : "\n## Rows off by more than 15 %\n" + text;
}

}  // namespace

std::vector<Measured> measure_all() {
    const auto machine = load_machine(reference_machine);
    std::vector<Measured> all;
    for (const Published& row : published()) all.push_back({&row, measure(machine, row.row)});
    return all;
}

std::string write_page(const std::vector<Measured>& rows) {
    std::string page = introduction + summary(rows);
    std::string_view group;
    for (const Measured& m : rows) {
        if (group != m.row->group) {
            group = m.row->group;
            page += fmt::format("\n## {}\n| what | published | model | error | | source | note |\n", group);
            page += "| --- | --- | --- | --- | --- | --- | --- |\n";
        }
        page += fmt::format("| {} | {}{} | {} | {} | {} | {} | {} |\n", m.row->what, precise(m.row->value),
                            m.row->unit, precise(m.value), percent(m.error()), name_of(m.row->kind),
                            m.row->source, m.row->note);
    }
    return page + off(rows) + limits;
}

}  // namespace stile::fidelity
