// SPDX-License-Identifier: Apache-2.0
//
// 128 bits that tell contents apart: for names, and to notice damage. Against accidents, not against forgery:
// a gigabyte takes well under a second, which SHA-256 in plain C++ does not.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stile::sim {

struct Digest {
    uint64_t a = 0x243f6a8885a308d3, b = 0x13198a2e03707344;  // the first digits of pi

    bool operator==(const Digest&) const = default;
    void add(std::string_view bytes);  // its length counts too
    void add(std::span<const uint8_t> bytes) {
        add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    void add(uint64_t number);
    std::string text() const;  // 32 hexadecimal digits
    void archive(auto& archive) { archive(a, b); }
};

}  // namespace stile::sim
