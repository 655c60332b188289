// SPDX-License-Identifier: Apache-2.0
#include "sim/checkpoint/digest.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace stile::sim {

// Each step is a bijection of either half for a given word, so that a single word that differs always shows.
void Digest::add(uint64_t word) {
    a = std::rotl((a ^ word) * 0x9e3779b97f4a7c15, 29);
    b = std::rotl((b ^ std::rotl(word, 32)) * 0xbf58476d1ce4e5b9, 37) + a;
}

void Digest::add(std::string_view bytes) {
    size_t i = 0;
    uint64_t word = 0;
    for (; i + sizeof word <= bytes.size(); i += sizeof word) {
        std::memcpy(&word, bytes.data() + i, sizeof word);
        add(word);
    }
    word = 0;
    if (i < bytes.size()) std::memcpy(&word, bytes.data() + i, bytes.size() - i);
    add(word);
    add(bytes.size());
}

std::string Digest::text() const { return fmt::format("{:016x}{:016x}", a, b); }

}  // namespace stile::sim
