// SPDX-License-Identifier: Apache-2.0
//
// What a capability says (abi/codoms.h), without deciding anything.
#pragma once

#include <cstdint>

#include "abi/codoms.h"

namespace stile::model {

inline uint32_t type_of(const stile_cap& c) { return STILE_CAP_TYPE(c.word); }
inline uint32_t right_of(const stile_cap& c) { return STILE_CAP_RIGHT(c.word); }
inline uint32_t depth_of(const stile_cap& c) { return STILE_CAP_DEPTH(c.word); }
inline uint16_t origin_of(const stile_cap& c) { return static_cast<uint16_t>(STILE_CAP_ORIGIN(c.word)); }

// All of [vaddr, vaddr + bytes) lies in the capability's range; a range beyond the end of memory does not wrap.
inline bool covers(const stile_cap& c, uint64_t vaddr, uint64_t bytes) {
    return vaddr >= c.base && vaddr - c.base < c.length && bytes <= c.length - (vaddr - c.base);
}

inline stile_cap return_capability(uint64_t address, uint16_t tag, uint64_t depth) {
    return {address, 0, 0, 0, STILE_CAP_WORD(tag, depth, STILE_RIGHT_NIL, STILE_CAP_RETURN)};
}

}  // namespace stile::model
