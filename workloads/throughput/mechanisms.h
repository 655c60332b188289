// SPDX-License-Identifier: Apache-2.0
//
// What the descriptors of workloads with several clients (throughput, latency, kv) have in common: the mechanisms,
// and rows of them.
#pragma once

#include <string>
#include <vector>

#include "workloads/mechanisms.h"

namespace stile::workload::load {

using Strings = std::vector<std::string>;

inline std::vector<Mechanism> mechanisms() {
    return {
        {"function", "call in one protection domain; each client's thread runs the service"},
        {"syscall", "empty system call (getpid); no service, no payload"},
        {"codoms", "call into another domain of the same process, by each client's thread"},
        {"mpk", "call into memory of a protection key, by each client's thread"},
        {"pipe", "two pipes per client; clients are dealt out to the server's threads"},
        {"binder", "Binder transactions to a pool of threads"},
        {"dipc", "call into another process through a dIPC proxy, by each client's thread"},
    };
}

// Keys that both have; `placement` is a list in them.
inline std::vector<Parameter> common_parameters(const std::vector<int64_t>& sizes) {
    return {
        mechanisms_parameter(mechanisms()),
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
    const auto& mechanisms = not_empty<Strings>(p, "mechanisms", "at least one");
    const auto& sizes = not_empty<std::vector<int64_t>>(p, "sizes", "at least one, such as 0");
    const auto& policies = not_empty<Strings>(p, "policies", "low, high or both");
    const auto& placements = not_empty<Strings>(p, "placement", "at least one");
    std::vector<Row> all;
    for (const std::string& mechanism : mechanisms)
        for (const std::string& policy : policies_of(kind(mechanism), policies))
            for (const int64_t size : sizes)
                for (const std::string& placement : placements) {
                    Arguments a;
                    a.add("mechanism", mechanism).add("size", size).add("touch", measure.touch);
                    a.add("policy", policy == "-" ? "low" : policy).add("kind", text(p, "client_kind"));
                    a.add("placement", placement).add("work", number(p, "service_work"));
                    a.add("lock", std::get<bool>(p.at("service_lock")) ? "yes" : "no");
                    a.add("warmup", measure.warmup).add("repetitions", measure.repetitions);
                    a.all.insert(a.all.end(), more.begin(), more.end());
                    Row row = row_of(kind(mechanism), policy, placement, size);
                    row.processes.push_back(process_of(kind(mechanism), name + "_client", a.all));
                    if (kind(mechanism).booted)
                        row.processes.push_back(process_of(kind(mechanism), name + "_server", a.all));
                    all.push_back(row);
                }
    return all;
}

}  // namespace stile::workload::load
