// SPDX-License-Identifier: Apache-2.0
//
// What the descriptors of `throughput` and `latency` have in common: the mechanisms, and rows of them.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "workloads/workload.h"

namespace stile::workload::load {

using Strings = std::vector<std::string>;

struct Kind {
    Mechanism mechanism;
    bool cross_process;
    bool policies;  // one row per isolation policy
    bool booted;    // the server is started at boot, not by the client
    bool shared;    // they need a place in the shared page table
};

inline const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {{"function", "call in one protection domain; each client's thread runs the service"},
         false,
         false,
         false,
         false},
        {{"syscall", "empty system call (getpid); no service, no payload"}, false, false, false, false},
        {{"codoms", "call into another domain of the same process, by each client's thread"},
         false,
         true,
         false,
         true},
        {{"mpk", "call into memory of a protection key, by each client's thread"}, false, true, false, true},
        {{"pipe", "two pipes per client; clients are dealt out to the server's threads"},
         true,
         false,
         false,
         false},
        {{"binder", "Binder transactions to a pool of threads"}, true, false, false, false},
        {{"dipc", "call into another process through a dIPC proxy, by each client's thread"},
         true,
         true,
         true,
         true},
    };
    return all;
}

inline const Kind& find(const std::string& name) {
    for (const Kind& k : kinds())
        if (k.mechanism.name == name) return k;
    throw std::invalid_argument("mechanisms: '" + name + "' is no mechanism of this workload");
}

inline Strings names() {
    Strings all;
    for (const Kind& k : kinds()) all.push_back(k.mechanism.name);
    return all;
}

// Keys that both have; `placement` is a list in them.
inline std::vector<Parameter> common_parameters(const std::vector<int64_t>& sizes) {
    return {
        {.name = "mechanisms",
         .type = Type::string_list,
         .default_value = names(),
         .help = "Mechanisms to measure, in this order",
         .choices = names()},
        {.name = "sizes",
         .type = Type::bytes_list,
         .default_value = sizes,
         .help = "Payload sent each way, in bytes",
         .min = 0,
         .max = 65536},
        {.name = "policies",
         .type = Type::string_list,
         .default_value = Strings{"low"},
         .help = "Isolation policies of mechanisms that have them (codoms, mpk, dipc)",
         .choices = {"low", "high"}},
        {.name = "placement",
         .type = Type::string_list,
         .default_value = Strings{"free"},
         .help = "Where they run: where the kernel puts them; all on core 0; clients on even cores and the "
                 "server's threads on odd ones; client i and the server's thread i on core i (modulo "
                 "machine.cores)",
         .choices = {"free", "same_core", "other_core", "spread"}},
        {.name = "client_kind",
         .type = Type::string,
         .default_value = std::string("auto"),
         .help = "What clients are: processes, threads of one process, or threads only where client and "
                 "server are one process (auto)",
         .choices = {"auto", "processes", "threads"}},
        {.name = "service_work",
         .type = Type::integer,
         .default_value = int64_t{0},
         .help = "Words of the service's own that each call adds one to: what calls contend for",
         .min = 0,
         .max = 4096},
        {.name = "service_lock",
         .type = Type::boolean,
         .default_value = true,
         .help = "Whether they are added to under a spin lock of the service's, or each atomically"},
    };
}

inline std::string text(const Parameters& p, const char* key) { return std::get<std::string>(p.at(key)); }
inline int64_t number(const Parameters& p, const char* key) { return std::get<int64_t>(p.at(key)); }

// KEY=VALUE, as the guest programs take them (load.h).
struct Arguments {
    Strings all;
    Arguments& add(const std::string& key, const std::string& value) {
        all.push_back(key + "=" + value);
        return *this;
    }
    Arguments& add(const std::string& key, int64_t value) { return add(key, std::to_string(value)); }
};

// One row per mechanism, policy, size and placement of the lists in `p`. Programs are /bin/NAME_client,
// /bin/NAME_server and their position-independent twins; `more` goes to both.
inline std::vector<Row> rows(const std::string& name, const Parameters& p, const Measure& measure,
                             const Strings& more) {
    const auto& mechanisms = std::get<Strings>(p.at("mechanisms"));
    const auto& policies = std::get<Strings>(p.at("policies"));
    const auto& sizes = std::get<std::vector<int64_t>>(p.at("sizes"));
    const auto& placements = std::get<Strings>(p.at("placement"));
    if (mechanisms.empty()) throw std::invalid_argument("mechanisms: the list is empty; name at least one");
    if (sizes.empty()) throw std::invalid_argument("sizes: the list is empty; name at least one, such as 0");
    if (policies.empty()) throw std::invalid_argument("policies: the list is empty; name low, high or both");
    if (placements.empty()) throw std::invalid_argument("placement: the list is empty; name at least one");
    std::vector<Row> all;
    for (const std::string& mechanism : mechanisms) {
        const Kind& kind = find(mechanism);
        for (const std::string& policy : kind.policies ? policies : Strings{"-"})
            for (const int64_t size : sizes)
                for (const std::string& placement : placements) {
                    Arguments a;
                    a.add("mechanism", mechanism).add("size", size).add("touch", measure.touch);
                    a.add("policy", policy == "-" ? "low" : policy).add("kind", text(p, "client_kind"));
                    a.add("placement", placement).add("work", number(p, "service_work"));
                    a.add("lock", std::get<bool>(p.at("service_lock")) ? "yes" : "no");
                    a.add("warmup", measure.warmup).add("repetitions", measure.repetitions);
                    a.all.insert(a.all.end(), more.begin(), more.end());
                    const auto program = [&](const char* role) {
                        const std::string path = "/bin/" + name + role + (kind.shared ? "_pie" : "");
                        Process process{path, {path}, {}, ""};
                        process.argv.insert(process.argv.end(), a.all.begin(), a.all.end());
                        return process;
                    };
                    Row row;
                    row.mechanism = mechanism;
                    row.policy = policy;
                    row.scope = kind.cross_process ? "cross_process" : "same_process";
                    row.placement = placement;
                    row.size_bytes = size;
                    row.processes.push_back(program("_client"));
                    if (kind.booted) row.processes.push_back(program("_server"));
                    all.push_back(row);
                }
    }
    return all;
}

}  // namespace stile::workload::load
