// SPDX-License-Identifier: Apache-2.0
//
// A client calls a server and waits for the answer, over every mechanism: the rows of the comparison.
#include "workloads/mechanisms.h"
#include "workloads/policies.h"

namespace {

using namespace stile::workload;
using Strings = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

std::vector<Mechanism> mechanisms() {
    return {
        {"function", "call in one protection domain: the floor"},
        {"syscall", "empty system call (getpid): the floor of what enters the kernel; no payload"},
        {"codoms", "call into another domain of the same process: no proxy, no kernel"},
        {"mpk", "call into memory of a protection key, through a gate that writes PKRU: no kernel"},
        {"pipe", "two pipes, one per direction"},
        {"binder", "Binder transaction through /dev/binder"},
        {"dipc", "call into another process through a dIPC proxy, payload by reference"},
    };
}

struct Placement {
    std::string name;
    int64_t client_core, server_core;
};

Row make_row(const Kind& kind, const std::string& policy, int64_t size, const Placement& placement,
             const Measure& measure) {
    const Strings common{kind.name,
                         std::to_string(size),
                         measure.touch,
                         policy == "-" ? policy : policy_argument("policies", policy),
                         std::to_string(placement.client_core),
                         std::to_string(placement.server_core)};
    Strings calls = common;
    calls.push_back(std::to_string(measure.warmup));
    calls.push_back(std::to_string(measure.repetitions));
    Row row = row_of(kind, policy, placement.name, size);
    row.processes.push_back(process_of(kind, "sync_client", calls));
    if (kind.booted) row.processes.push_back(process_of(kind, "sync_server", common));
    return row;
}

std::vector<Row> rows(const Parameters& parameters, const Measure& measure, const std::string&) {
    const auto& mechanisms = not_empty<Strings>(parameters, "mechanisms", "at least one");
    const auto& sizes = not_empty<Numbers>(parameters, "sizes", "at least one, such as 0");
    const auto& policies = not_empty<Strings>(parameters, "policies", "at least one, such as low");
    const auto& names = not_empty<Strings>(parameters, "placement", "same_core, other_core or both");
    const int64_t client = std::get<int64_t>(parameters.at("client_core"));
    const int64_t server = std::get<int64_t>(parameters.at("server_core"));
    std::vector<Placement> placements;
    for (const std::string& name : names) {
        if (name == "other_core" && client == server)
            throw std::invalid_argument(
                "server_core: it is the client's core; another one is right for placement other_core");
        placements.push_back({name, client, name == "other_core" ? server : client});
    }
    std::vector<Row> all;
    for (const std::string& name : mechanisms)
        for (const std::string& policy : policies_of(kind(name), policies))
            for (const int64_t size : sizes)
                for (const Placement& placement : placements)
                    all.push_back(make_row(kind(name), policy, size, placement, measure));
    return all;
}

Descriptor describe() {
    Descriptor d;
    d.name = "sync_call";
    d.help = "A client calls a server and waits, over every mechanism; payload of the same size each way";
    d.mechanisms = mechanisms();
    d.parameters = {
        mechanisms_parameter(d.mechanisms),
        {.name = "sizes",
         .type = Type::bytes_list,
         .default_value = Numbers{0, 64, 4096, 65536},
         .help = "Payload sent each way, in bytes",
         .min = 0,
         .max = 65536},
        {.name = "policies",
         .type = Type::string_list,
         .default_value = Strings{"low", "high"},
         .help =
             "Isolation policies of mechanisms that have them (codoms, mpk, dipc): low, high, and for dipc "
             "properties such as stack_conf@both, joined by +"},
        {.name = "placement",
         .type = Type::string_list,
         .default_value = Strings{"same_core"},
         .help = "Where the server runs: on the client's core, or on another",
         .choices = {"same_core", "other_core"}},
        {.name = "client_core",
         .type = Type::integer,
         .default_value = int64_t{0},
         .help = "Number of the core that the client runs on",
         .min = 0,
         .max = 63},
        {.name = "server_core",
         .type = Type::integer,
         .default_value = int64_t{1},
         .help = "Number of the core that the server runs on in rows with placement other_core",
         .min = 0,
         .max = 63},
    };
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
