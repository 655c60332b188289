// SPDX-License-Identifier: Apache-2.0
//
// What one row of results.csv has come to. It travels from the process that simulated it to the one that
// writes the files, as JSON; nothing in it but `host_seconds` depends on the host.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/core/phase.h"

namespace stile::sim {

struct RowKey {
    std::string mechanism, policy = "-", scope, placement;
    int64_t size_bytes = 0;
    std::string proxies = "-", protection, core, machine, kernel_profile;

    // "dipc low 64 B"
    std::string text() const;
};

// Per call, warm; DESIGN: all columns of results.csv after the key.
struct Figures {
    uint64_t calls = 0;
    double cycles_mean = 0, cycles_p50 = 0, cycles_p99 = 0, ns_mean = 0;
    uint64_t instructions = 0, kernel_instructions = 0, syscalls = 0, context_switches = 0,
             page_table_switches = 0;
    uint64_t bytes_copied = 0;
    std::optional<double> copies, copies_kernel, copies_proxy, copies_user;  // nothing at 0 B
    uint64_t tlb_misses = 0, apl_misses = 0, domain_crossings = 0;
    std::optional<bool> checked;
    std::array<double, static_cast<size_t>(model::Phase::count)> phase{};
};

struct RowStatistic {
    std::string path;
    double value = 0;
    bool integral = true;
    std::string unit, description;
};

// Code that the kernel has generated between a caller and an exported function (docs/dipc.md).
struct RowProxy {
    uint64_t address = 0;
    uint64_t policy = 0;  // abi/syscall.h, enum stile_policy
    std::string code;
    bool operator==(const RowProxy&) const = default;
};

struct RowResult {
    enum class Status {
        done,
        refused,      // the mechanism refuses this combination
        failed,       // the guest or a check in it
        crashed,      // Stile
        interrupted,  // by the user, or given up because another row ended the run
    };

    // Of the host, and no fault of guest or machine: another attempt may fare better.
    enum class Trouble { none, timeout, signal, memory };

    RowKey key;
    bool measured = true;  // false: timed calls were not asked for
    Status status = Status::interrupted;
    Trouble trouble = Trouble::none;
    int refused_errno = 0;
    std::string refused_because;        // empty where the errno says all
    std::vector<std::string> failures;  // one sentence each
    std::vector<std::string> warnings;
    std::optional<Figures> figures;
    std::optional<uint64_t> exit_status;    // of the main process, as in wait(2)
    uint64_t cycles = 0, instructions = 0;  // of the whole row, boot included
    double ns = 0;                          // those cycles as simulated time
    uint64_t restored_cycles = 0,
             restored_instructions = 0;  // of them, those that a checkpoint brought along
    uint64_t simulated_cycles() const { return cycles - restored_cycles; }
    uint64_t simulated_instructions() const { return instructions - restored_instructions; }
    std::vector<std::pair<std::string, uint64_t>> reports;
    std::vector<RowStatistic> statistics;
    std::string console;
    std::string state;              // of the machine, where it helps to know why the row ended as it did
    std::vector<RowProxy> proxies;  // in the order in which the kernel made them
    std::string kept;               // the cpio archive of the files that the row keeps
    double host_seconds = 0;
};

const char* status_name(RowResult::Status status);

nlohmann::json to_json(const RowResult& row);
// Throws nlohmann::json::exception.
RowResult row_from_json(const nlohmann::json& json);

// "64 B", "4 KiB"
std::string size_text(int64_t bytes);

}  // namespace stile::sim
