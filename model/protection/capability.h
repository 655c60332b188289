// SPDX-License-Identifier: Apache-2.0
//
// What a capability says (abi/codoms.h), without deciding anything.
#pragma once

#include <cstdint>

#include "abi/codoms.h"
#include "model/core/cpu_state.h"

namespace stile::model {

inline uint32_t type_of(const stile_cap& c) { return STILE_CAP_TYPE(c.word); }
inline uint32_t right_of(const stile_cap& c) { return STILE_CAP_RIGHT(c.word); }
inline uint32_t depth_of(const stile_cap& c) { return STILE_CAP_DEPTH(c.word); }
inline uint16_t origin_of(const stile_cap& c) { return static_cast<uint16_t>(STILE_CAP_ORIGIN(c.word)); }

// All of [vaddr, vaddr + bytes) lies in the capability's range; a range beyond the end of memory does not
// wrap.
inline bool covers(const stile_cap& c, uint64_t vaddr, uint64_t bytes) {
    return vaddr >= c.base && vaddr - c.base < c.length && bytes <= c.length - (vaddr - c.base);
}

// All fields are 0 in a register whose type is EMPTY.
inline stile_cap loaded(const stile_cap& c) { return type_of(c) == STILE_CAP_EMPTY ? stile_cap{} : c; }

// Room for one more entry of the domain capability stack; one to be taken off it. Alignment is no rule that
// could be switched off: entries do not cross pages.
inline bool dcs_has_room(const CodomsState& cd, bool bounded) {
    return cd.dcs_ptr % STILE_DCS_ENTRY == 0 &&
           (!bounded || (cd.dcs_ptr >= cd.dcs_base && cd.dcs_ptr <= cd.dcs_limit &&
                         cd.dcs_limit - cd.dcs_ptr >= STILE_DCS_ENTRY));
}
inline bool dcs_has_entry(const CodomsState& cd, bool bounded) {
    return cd.dcs_ptr % STILE_DCS_ENTRY == 0 &&
           (!bounded || (cd.dcs_ptr >= cd.dcs_base && cd.dcs_ptr <= cd.dcs_limit &&
                         cd.dcs_ptr - cd.dcs_base >= STILE_DCS_ENTRY));
}

inline stile_cap return_capability(uint64_t address, uint16_t tag, uint64_t depth) {
    return {address, 0, 0, 0, STILE_CAP_WORD(tag, depth, STILE_RIGHT_NIL, STILE_CAP_RETURN)};
}

}  // namespace stile::model
