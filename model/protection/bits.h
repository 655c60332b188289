// SPDX-License-Identifier: Apache-2.0
//
// How many bits the protection unit holds, as they follow from its formats (docs/codoms.md, 3 and 6) and the
// configuration. Tests and the area model read them here.
#pragma once

#include <bit>

#include "abi/codoms.h"
#include "model/config.h"
#include "model/protection/replacement.h"

namespace stile::model {

// The number of an entry is the domain's hardware tag.
constexpr unsigned hardware_tag_bits(unsigned entries) {
    return static_cast<unsigned>(std::bit_width(entries - 1));
}

inline constexpr unsigned domain_tag_bits = 16;

// Valid, tag, and a right over the domain in each entry; where the hardware walks, it may be unknown.
constexpr unsigned apl_entry_bits(const AplCacheConfig& c) {
    const unsigned right = c.refill == AplRefill::hardware ? 3 : 2;
    return 1 + domain_tag_bits + right * c.entries;
}

inline unsigned apl_replacement_bits(const AplCacheConfig& c) {
    return c.entries / c.ways * replacement_bits(c.replacement, c.ways);
}

inline unsigned apl_cache_bits(const AplCacheConfig& c) {
    return c.entries * apl_entry_bits(c) + apl_replacement_bits(c);
}

// What lies in memory, and beside it whether the revocation counter was compared, and which line of physical
// memory is watched since.
inline constexpr unsigned capability_register_bits = 8 * sizeof(stile_cap);
inline constexpr unsigned capability_watch_bits = 1 + (40 - 6);

}  // namespace stile::model
