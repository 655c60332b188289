// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/identity.h"

#include <fmt/format.h>

#include "sim/results/run_directory.h"
#include "sim/results/sha256.h"

namespace stile::sim {

std::string program_sha256() {
    static const std::string hash = sha256(read_file("/proc/self/exe"));
    return hash;
}

std::string plugin_sha256(const RunConfig& config) { return sha256(read_file(config.plugin.path)); }

std::string worker_sha256(const RunConfig& config) {
    return sha256(program_sha256() + plugin_sha256(config));
}

const std::string& InputHash::hash_of(const std::string& contents) {
    for (const auto& [text, hash] : known_)
        if (text == contents) return hash;
    constexpr size_t most = 64;
    if (known_.size() == most) known_.erase(known_.begin());
    return known_.emplace_back(contents, sha256(contents)).second;
}

void InputHash::add(const std::vector<workload::Row>& rows) {
    std::string text;
    for (const workload::Row& row : rows) {
        for (const workload::File& file : row.files)
            text += fmt::format("{} {:o} {}\n", file.path, file.mode, hash_of(file.contents));
        for (const workload::Process& process : row.processes) {
            text += process.path + "\n";
            for (const std::string& argument : process.argv) text += argument + "\n";
            for (const std::string& variable : process.env) text += variable + "\n";
            if (!process.stdin_data.empty()) text += hash_of(process.stdin_data) + "\n";
        }
    }
    lines_ += sha256(text) + "\n";
}

std::string InputHash::text() const { return sha256(lines_); }

}  // namespace stile::sim
