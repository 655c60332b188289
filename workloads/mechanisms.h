// SPDX-License-Identifier: Apache-2.0
//
// For descriptors of workloads that go over the mechanisms of os/lib (channel.h, pool.h): what is true of a
// mechanism whatever uses it, and what such a workload's rows are made of.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "workloads/workload.h"

namespace stile::workload {

struct Kind {
    const char* name;
    bool cross_process;
    bool policies;  // one row per isolation policy
    bool booted;    // the server is started at boot, not by the client
    bool shared;    // they need a place in the shared page table
};

inline constexpr Kind all_kinds[] = {
    {"function", false, false, false, false}, {"syscall", false, false, false, false},
    {"codoms", false, true, false, true},     {"mpk", false, true, false, true},
    {"pipe", true, false, false, false},      {"binder", true, false, false, false},
    {"dipc", true, true, true, true},
};

inline const Kind& kind(const std::string& mechanism) {
    for (const Kind& k : all_kinds)
        if (k.name == mechanism) return k;
    throw std::invalid_argument("mechanisms: '" + mechanism + "' is no mechanism of os/lib");
}

// The parameter that chooses among those that a workload offers.
inline Parameter mechanisms_parameter(const std::vector<Mechanism>& offered) {
    std::vector<std::string> names;
    for (const Mechanism& m : offered) names.push_back(m.name);
    return {.name = "mechanisms",
            .type = Type::string_list,
            .default_value = names,
            .help = "Mechanisms to measure, in this order",
            .choices = names};
}

// A list that the workload needs; `remedy` says what to name.
template <class List>
const List& not_empty(const Parameters& parameters, const std::string& key, const std::string& remedy) {
    const List& list = std::get<List>(parameters.at(key));
    if (list.empty()) throw std::invalid_argument(key + ": the list is empty; name " + remedy);
    return list;
}

// Rows are made by policy where there are policies.
inline std::vector<std::string> policies_of(const Kind& kind, const std::vector<std::string>& policies) {
    return kind.policies ? policies : std::vector<std::string>{"-"};
}

// A row's key.
inline Row row_of(const Kind& kind, const std::string& policy, const std::string& placement, int64_t size) {
    Row row;
    row.mechanism = kind.name;
    row.policy = policy;
    row.scope = kind.cross_process ? "cross_process" : "same_process";
    row.placement = placement;
    row.size_bytes = size;
    return row;
}

// The program NAME, or its position-independent twin NAME_pie where the mechanism needs that.
inline Process process_of(const Kind& kind, const std::string& name, std::vector<std::string> arguments) {
    const std::string path = "/bin/" + name + (kind.shared ? "_pie" : "");
    arguments.insert(arguments.begin(), path);
    return {path, std::move(arguments), {}, ""};
}

}  // namespace stile::workload
