// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint as a file:
//
//     "STILECKP"  format (4 bytes)  length of the header (4)  digest of the header (16)  header  body
//
// numbers little-endian; header and body as model/checkpoint/archive.h writes them. The header says what the
// checkpoint depends on and holds the body's length and digest: who looks for one that fits reads headers
// only. Nothing is believed before its digest has been compared.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/checkpoint/digest.h"

namespace stile::sim {

// The file cannot be used; the text says why, without its name.
struct CheckpointError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using Setting = std::pair<std::string, std::string>;  // name, value

struct CpuidShown {
    unsigned core = 0;
    uint32_t leaf = 0, subleaf = 0;
    std::array<uint32_t, 4> answer{};
    bool operator==(const CpuidShown&) const = default;
};

struct CheckpointHeader {
    std::string written_by;         // for people
    std::vector<Setting> needs;     // what must be the same
    std::vector<Setting> shown;     // likewise, because the guest has seen it
    std::vector<CpuidShown> cpuid;  // likewise
    bool handed_over = true;        // false: the row ends without; it has no body
    uint64_t now = 0;               // of the reference clock at the hand-over
    bool region_ended = false;      // before it
    uint64_t body_bytes = 0;
    Digest body;
};

inline constexpr uint32_t checkpoint_format = 1;

// Completes the header. Written under another name and renamed: whoever reads finds all of it or nothing.
// Throws CheckpointError.
void write_checkpoint(const std::filesystem::path& path, CheckpointHeader header, const std::string& body);

CheckpointHeader read_checkpoint_header(const std::filesystem::path& path);  // throws CheckpointError
// The body of the file whose header that was. Throws CheckpointError.
std::string read_checkpoint_body(const std::filesystem::path& path, const CheckpointHeader& header);

}  // namespace stile::sim
