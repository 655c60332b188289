// SPDX-License-Identifier: Apache-2.0
//
// What one point of a sweep has come to: how it travels from the process that simulated it to results.sqlite.
#pragma once

#include <string>
#include <vector>

#include "sim/results/row_result.h"

namespace stile::sim {

struct PointResult {
    enum class Status {
        done,     // rows that a mechanism refuses included
        failed,   // the guest or a check in it
        timeout,  // sweep.timeout
        crashed,  // Stile, or its process was killed
        invalid,  // the configuration; nothing ran
    };

    size_t point = 0;
    Status status = Status::crashed;
    std::string reason;           // empty if done
    bool of_host = false;         // another attempt may fare better
    std::string config_sha256;    // of the point's resolved configuration
    std::string program_sha256;   // of who simulated it, see identity.h
    std::vector<RowResult> rows;  // without what only a run directory has; none unless done
    unsigned attempts = 1;
    double seconds = 0, mips = 0;  // of the host
};

const char* name_of(PointResult::Status status);

// Status and reason from the rows.
PointResult judge_point(size_t point, const std::vector<RowResult>& rows);

// As text, for a file.
std::string to_text(const PointResult& result);
// Throws std::runtime_error that says what is wrong with the text.
PointResult point_from_text(const std::string& text);

}  // namespace stile::sim
