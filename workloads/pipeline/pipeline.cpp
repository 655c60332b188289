// SPDX-License-Identifier: Apache-2.0
//
// A calls B calls C and so on: what a request costs that goes through several services.
#include <algorithm>
#include <charconv>
#include <set>

#include "workloads/mechanisms.h"

namespace {

using namespace stile::workload;
using Strings = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

std::vector<Mechanism> mechanisms() {
    return {
        {"function", "every stage calls the next in one protection domain: the floor"},
        {"syscall", "empty system call (getpid): depth 1 only, no payload"},
        {"codoms", "stages in domains of their own in one process, each called by the one before it"},
        {"mpk", "stages with memory of a protection key of their own; depth 14 at most"},
        {"pipe", "two pipes between each stage and the next"},
        {"binder", "nested Binder transactions; the last stage is the context manager"},
        {"dipc", "the caller's thread visits one process after the other; depth 13 at most"},
    };
}

// With commas, as the guest programs read them; the core that each text names is put into `cores`.
std::string core_list(const Strings& texts, std::set<unsigned>& cores) {
    std::string all;
    for (const std::string& text : texts) {
        unsigned core = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), core);
        if (error != std::errc() || end != text.data() + text.size() || core > 63)
            throw std::invalid_argument("cores: '" + text + "' is no core; a number from 0 to 63 is right");
        cores.insert(core);
        all += (all.empty() ? "" : ",") + std::to_string(core);
    }
    return all;
}

struct Placement {
    std::string name, cores;
};

Row make_row(const Kind& kind, const std::string& policy, int64_t size, int64_t depth,
             const Placement& placement, const Measure& measure) {
    const Strings common{kind.name, std::to_string(size),  measure.touch,
                         policy,    std::to_string(depth), placement.cores};
    const auto with = [&](Strings more) {
        more.insert(more.begin(), common.begin(), common.end());
        return more;
    };
    Row row = row_of(kind, policy, placement.name, size);
    row.processes.push_back(process_of(
        kind, "pipeline", with({std::to_string(measure.warmup), std::to_string(measure.repetitions)})));
    for (int64_t stage = 1; kind.booted && stage <= depth; ++stage)
        row.processes.push_back(process_of(kind, "pipeline_stage", with({std::to_string(stage)})));
    return row;
}

std::vector<Row> rows(const Parameters& parameters, const Measure& measure, const std::string&) {
    const auto& mechanisms = not_empty<Strings>(parameters, "mechanisms", "at least one, such as dipc");
    const auto& policies = not_empty<Strings>(parameters, "policies", "at least one, such as low");
    const auto& sizes = not_empty<Numbers>(parameters, "sizes", "at least one, such as 0");
    const int64_t depth = std::get<int64_t>(parameters.at("depth"));
    std::set<unsigned> cores;
    Placement placement{"",
                        core_list(not_empty<Strings>(parameters, "cores", "at least one, such as 0"), cores)};
    // Those that nobody is on, because the pipeline is short, do not count.
    cores.clear();
    const auto& listed = std::get<Strings>(parameters.at("cores"));
    core_list({listed.begin(), listed.begin() + std::min<int64_t>(listed.size(), depth + 1)}, cores);
    placement.name = cores.size() == 1 ? "same_core" : "other_core";
    std::vector<Row> all;
    for (const std::string& name : mechanisms)
        for (const std::string& policy : policies_of(kind(name), policies))
            for (const int64_t size : sizes)
                all.push_back(make_row(kind(name), policy, size, depth, placement, measure));
    return all;
}

Descriptor describe() {
    Descriptor d;
    d.name = "pipeline";
    d.help =
        "A calls B calls C, depth deep: a request that goes through several services, and its answer back";
    d.mechanisms = mechanisms();
    d.parameters = {
        mechanisms_parameter(d.mechanisms),
        {.name = "depth",
         .type = Type::integer,
         .default_value = int64_t{4},
         .help = "Stages behind the one that calls",
         .min = 1,
         .max = 16},
        {.name = "sizes",
         .type = Type::bytes_list,
         .default_value = Numbers{0, 64, 4096},
         .help = "Payload that goes through all stages and comes back, in bytes",
         .min = 0,
         .max = 65536},
        {.name = "policies",
         .type = Type::string_list,
         .default_value = Strings{"low", "high"},
         .help = "Isolation policies of mechanisms that have them, of every hop alike",
         .choices = {"low", "high"}},
        {.name = "cores",
         .type = Type::string_list,
         .default_value = Strings{"0"},
         .help = "Cores of A, B, C and so on; the list begins again when it is used up"},
    };
    d.reports = {
        {"hops", "calls", "Stages that the request went through"},
        {"cycles_per_hop", "cycles",
         "Time of all timed calls by the time-stamp counter, markers' loop included, over calls and hops"}};
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
