// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the specification ask each other.
#pragma once

#include "isa/spec/spec.h"

namespace stile::isa::spec {

enum class Kind { ordinary, capability };

// In whose name an access is made (section 5).
uint16_t domain(const Core&);
// Section 7: ring 0, or all pages of the instruction have the privileged bit.
bool privileged_code(const World&, const Core&, uint64_t rip, unsigned bytes);

// #CD; adds the bit of ring 0.
Outcome refuse(const Core&, uint32_t error, uint64_t address, uint16_t from, uint16_t to, unsigned needed = 0,
               unsigned had = 0);
Outcome general_protection();
bool canonical(uint64_t address);

// The checks of section 5, of all pages touched.
Outcome check(const World&, const Core&, uint64_t address, uint64_t bytes, bool write, Kind);
// Moves bytes that have been checked.
void read(const World&, const Core&, uint64_t address, void* out, uint64_t bytes);
void write(World&, const Core&, uint64_t address, const void* in, uint64_t bytes);

// Section 6: may the hardware itself touch the entry at `address` of the domain capability stack? `flags`:
// those of the error code, STILE_CD_WRITE for a push.
Outcome check_dcs(const World&, const Core&, uint64_t address, uint32_t flags);
bool room_to_push(const World&, const Core&);
bool room_to_pop(const World&, const Core&);

Outcome execute_privileged(World&, Core&, const Instruction&, uint64_t& result);

inline uint32_t type(const stile_cap& c) { return STILE_CAP_TYPE(c.word); }
inline bool is_empty(const stile_cap& c) { return type(c) == STILE_CAP_EMPTY; }
// All fields are 0 in a register whose type is EMPTY.
inline stile_cap loaded(const stile_cap& c) { return is_empty(c) ? stile_cap{} : c; }

}  // namespace stile::isa::spec
