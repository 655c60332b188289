// SPDX-License-Identifier: Apache-2.0
//
// A client calls a server and waits for the answer, over every mechanism: the rows of the comparison.
#include <stdexcept>

#include "workloads/workload.h"

namespace {

using namespace stile::workload;
using Strings = std::vector<std::string>;

struct Kind {
    Mechanism mechanism;
    bool cross_process;
    bool policies;  // one row per isolation policy
    bool booted;    // client and server are both started at boot
    bool shared;    // they need a place in the shared page table
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {{"function", "call in one protection domain: the floor"}, false, false, false, false},
        {{"syscall", "empty system call (getpid): the floor of what enters the kernel; no payload"},
         false,
         false,
         false,
         false},
        {{"codoms", "call into another domain of the same process: no proxy, no kernel"},
         false,
         true,
         false,
         true},
        {{"mpk", "call into memory of a protection key, through a gate that writes PKRU: no kernel"},
         false,
         true,
         false,
         true},
        {{"pipe", "two pipes, one per direction"}, true, false, false, false},
        {{"binder", "Binder transaction through /dev/binder"}, true, false, false, false},
        {{"dipc", "call into another process through a dIPC proxy, payload by reference"},
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
    throw std::invalid_argument("mechanisms: '" + name + "' is no mechanism of sync_call");
}

Strings names() {
    Strings all;
    for (const Kind& k : kinds()) all.push_back(k.mechanism.name);
    return all;
}

struct Placement {
    std::string name;
    int64_t client_core, server_core;
};

Row make_row(const Kind& kind, const std::string& policy, int64_t size, const Placement& placement,
             const Measure& measure) {
    const Strings common{kind.mechanism.name,
                         std::to_string(size),
                         measure.touch,
                         policy,
                         std::to_string(placement.client_core),
                         std::to_string(placement.server_core)};
    const std::string suffix = kind.shared ? "_pie" : "";
    Process client{"/bin/sync_client" + suffix, {"/bin/sync_client" + suffix}, {}, ""};
    client.argv.insert(client.argv.end(), common.begin(), common.end());
    client.argv.push_back(std::to_string(measure.warmup));
    client.argv.push_back(std::to_string(measure.repetitions));
    Row row;
    row.mechanism = kind.mechanism.name;
    row.policy = policy;
    row.scope = kind.cross_process ? "cross_process" : "same_process";
    row.placement = placement.name;
    row.size_bytes = size;
    row.processes.push_back(client);
    if (kind.booted) {
        Process server{"/bin/sync_server" + suffix, {"/bin/sync_server" + suffix}, {}, ""};
        server.argv.insert(server.argv.end(), common.begin(), common.end());
        row.processes.push_back(server);
    }
    return row;
}

std::vector<Row> rows(const Parameters& parameters, const Measure& measure, const std::string&) {
    const auto& mechanisms = std::get<Strings>(parameters.at("mechanisms"));
    const auto& policies = std::get<Strings>(parameters.at("policies"));
    const auto& sizes = std::get<std::vector<int64_t>>(parameters.at("sizes"));
    if (mechanisms.empty()) throw std::invalid_argument("mechanisms: the list is empty; name at least one");
    if (sizes.empty()) throw std::invalid_argument("sizes: the list is empty; name at least one, such as 0");
    if (policies.empty()) throw std::invalid_argument("policies: the list is empty; name low, high or both");
    const auto& names = std::get<Strings>(parameters.at("placement"));
    if (names.empty())
        throw std::invalid_argument("placement: the list is empty; name same_core, other_core or both");
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
    for (const std::string& name : mechanisms) {
        const Kind& kind = find(name);
        for (const std::string& policy : kind.policies ? policies : Strings{"-"})
            for (const int64_t size : sizes)
                for (const Placement& placement : placements)
                    all.push_back(make_row(kind, policy, size, placement, measure));
    }
    return all;
}

Descriptor describe() {
    Descriptor d;
    d.name = "sync_call";
    d.help = "A client calls a server and waits, over every mechanism; payload of the same size each way";
    for (const Kind& k : kinds()) d.mechanisms.push_back(k.mechanism);
    d.parameters = {
        {.name = "mechanisms",
         .type = Type::string_list,
         .default_value = names(),
         .help = "Mechanisms to measure, in this order",
         .choices = names()},
        {.name = "sizes",
         .type = Type::bytes_list,
         .default_value = std::vector<int64_t>{0, 64, 4096, 65536},
         .help = "Payload sent each way, in bytes",
         .min = 0,
         .max = 65536},
        {.name = "policies",
         .type = Type::string_list,
         .default_value = Strings{"low", "high"},
         .help = "Isolation policies of mechanisms that have them (codoms, mpk, dipc)",
         .choices = {"low", "high"}},
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
