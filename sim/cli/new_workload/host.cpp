// SPDX-License-Identifier: Apache-2.0
//
// The host's side: what can be configured, what runs for each row of the results, what is reported. This is
// part of the simulator; what is simulated is in the C files.
#include <string>
#include <vector>

#include "workloads/workload.h"

namespace {

using namespace stile::workload;
using Strings = std::vector<std::string>;

struct Kind {
    Mechanism mechanism;
    bool cross_process;  // the server is another process
    bool booted;         // which is started at boot; else the client starts it
    bool shared;         // both need a place in the shared page table
};

const std::vector<Kind> kinds{
    {{"function", "a call in the same process: the floor"}, false, false, false},
    {{"pipe", "two pipes"}, true, false, false},
    {{"binder", "a Binder transaction"}, true, false, false},
    {{"dipc", "a call through a dIPC proxy"}, true, true, true},
};

Strings names() {
    Strings all;
    for (const Kind& kind : kinds) all.push_back(kind.mechanism.name);
    return all;
}

// One line of results.csv: its key, and the processes that run. Programs are at /bin/NAME in the guest.
Row make_row(const Kind& kind, int64_t numbers, const Measure& measure) {
    const std::string suffix = kind.shared ? "_pie" : "";
    const std::string client = "/bin/@NAME@_client" + suffix;
    const std::string server = "/bin/@NAME@_server" + suffix;
    const std::string count = std::to_string(numbers);
    Row row;
    row.mechanism = kind.mechanism.name;
    if (kind.shared) row.policy = "low";
    if (kind.cross_process) row.scope = "cross_process";
    row.size_bytes = numbers * 8;
    Process first{client, {client, row.mechanism, count}, {}, ""};
    first.argv.push_back(std::to_string(measure.warmup));
    first.argv.push_back(std::to_string(measure.repetitions));
    row.processes.push_back(first);
    if (kind.booted) row.processes.push_back({server, {server, row.mechanism, count}, {}, ""});
    return row;
}

// Called when the configuration has been checked against the parameters below. What is still wrong here is
// said with throw std::invalid_argument("PARAMETER: what is wrong; what would be right").
std::vector<Row> rows(const Parameters& parameters, const Measure& measure, const std::string&) {
    const int64_t numbers = std::get<int64_t>(parameters.at("numbers"));
    std::vector<Row> all;
    for (const std::string& name : std::get<Strings>(parameters.at("mechanisms")))
        for (const Kind& kind : kinds)
            if (kind.mechanism.name == name) all.push_back(make_row(kind, numbers, measure));
    return all;
}

Descriptor describe() {
    Descriptor d;
    d.name = "@NAME@";
    d.help = "A client sends numbers, a server answers with their sum";
    for (const Kind& kind : kinds) d.mechanisms.push_back(kind.mechanism);
    // Keys below `workload:` in YAML; `stile list parameters` shows them.
    d.parameters = {
        {.name = "mechanisms",
         .type = Type::string_list,
         .default_value = names(),
         .help = "How client and server talk, a row each",
         .choices = names()},
        {.name = "numbers",
         .type = Type::integer,
         .default_value = int64_t{64},
         .help = "How many numbers of 8 bytes a call sends",
         .min = 1,
         .max = 8192},
    };
    d.images = embedded_images();  // what CMakeLists.txt lists
    d.rows = rows;
    // Columns of results.csv beside those of every workload; the client says their values.
    d.reports = {{"answers", "calls", "Timed calls that were answered"}};
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
