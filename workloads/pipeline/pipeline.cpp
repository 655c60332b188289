// SPDX-License-Identifier: Apache-2.0
//
// A calls B calls C and so on: what a request costs that goes through several services.
#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>

#include "workloads/workload.h"

namespace {

using namespace stile::workload;
using Strings = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

struct Kind {
    Mechanism mechanism;
    bool cross_process, policies;
    bool booted;  // every stage is a process started at boot
    bool shared;  // they need a place in the shared page table
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {{"function", "every stage calls the next in one protection domain: the floor"},
         false,
         false,
         false,
         false},
        {{"syscall", "empty system call (getpid): depth 1 only, no payload"}, false, false, false, false},
        {{"codoms", "stages in domains of their own in one process, each called by the one before it"},
         false,
         true,
         false,
         true},
        {{"mpk", "stages with memory of a protection key of their own; depth 14 at most"},
         false,
         true,
         false,
         true},
        {{"pipe", "two pipes between each stage and the next"}, true, false, false, false},
        {{"binder", "nested Binder transactions; the last stage is the context manager"},
         true,
         false,
         false,
         false},
        {{"dipc", "the caller's thread visits one process after the other; depth 13 at most"},
         true,
         true,
         true,
         true},
    };
    return all;
}

const Kind& find(const std::string& name) {
    for (const Kind& k : kinds())
        if (k.mechanism.name == name) return k;
    throw std::invalid_argument("mechanisms: '" + name + "' is no mechanism of pipeline");
}

Strings names() {
    Strings all;
    for (const Kind& k : kinds()) all.push_back(k.mechanism.name);
    return all;
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

Process process(const std::string& path, const Strings& arguments) {
    Process p{path, {path}, {}, ""};
    p.argv.insert(p.argv.end(), arguments.begin(), arguments.end());
    return p;
}

struct Placement {
    std::string name, cores;
};

Row make_row(const Kind& kind, const std::string& policy, int64_t size, int64_t depth,
             const Placement& placement, const Measure& measure) {
    const Strings common{kind.mechanism.name,   std::to_string(size), measure.touch, policy,
                         std::to_string(depth), placement.cores};
    const std::string suffix = kind.shared ? "_pie" : "";
    const auto with = [&](Strings more) {
        more.insert(more.begin(), common.begin(), common.end());
        return more;
    };
    Row row;
    row.mechanism = kind.mechanism.name;
    row.policy = policy;
    row.scope = kind.cross_process ? "cross_process" : "same_process";
    row.placement = placement.name;
    row.size_bytes = size;
    row.processes.push_back(process("/bin/pipeline" + suffix, with({std::to_string(measure.warmup),
                                                                    std::to_string(measure.repetitions)})));
    for (int64_t stage = 1; kind.booted && stage <= depth; ++stage)
        row.processes.push_back(process("/bin/pipeline_stage" + suffix, with({std::to_string(stage)})));
    return row;
}

template <class List>
const List& not_empty(const Parameters& parameters, const std::string& key, const std::string& example) {
    const List& list = std::get<List>(parameters.at(key));
    if (list.empty())
        throw std::invalid_argument(key + ": the list is empty; name at least one, such as " + example);
    return list;
}

std::vector<Row> rows(const Parameters& parameters, const Measure& measure, const std::string&) {
    const auto& mechanisms = not_empty<Strings>(parameters, "mechanisms", "dipc");
    const auto& policies = not_empty<Strings>(parameters, "policies", "low");
    const auto& sizes = not_empty<Numbers>(parameters, "sizes", "0");
    const int64_t depth = std::get<int64_t>(parameters.at("depth"));
    std::set<unsigned> cores;
    Placement placement{"", core_list(not_empty<Strings>(parameters, "cores", "0"), cores)};
    // Those that nobody is on, because the pipeline is short, do not count.
    cores.clear();
    const auto& listed = std::get<Strings>(parameters.at("cores"));
    core_list({listed.begin(), listed.begin() + std::min<int64_t>(listed.size(), depth + 1)}, cores);
    placement.name = cores.size() == 1 ? "same_core" : "other_core";
    std::vector<Row> all;
    for (const std::string& name : mechanisms) {
        const Kind& kind = find(name);
        for (const std::string& policy : kind.policies ? policies : Strings{"-"})
            for (const int64_t size : sizes)
                all.push_back(make_row(kind, policy, size, depth, placement, measure));
    }
    return all;
}

Descriptor describe() {
    Descriptor d;
    d.name = "pipeline";
    d.help =
        "A calls B calls C, depth deep: a request that goes through several services, and its answer back";
    for (const Kind& k : kinds()) d.mechanisms.push_back(k.mechanism);
    d.parameters = {
        {.name = "mechanisms",
         .type = Type::string_list,
         .default_value = names(),
         .help = "Mechanisms to measure, in this order",
         .choices = names()},
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
