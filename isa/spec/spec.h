// SPDX-License-Identifier: Apache-2.0
//
// The executable specification of CODOMs: docs/codoms.md as functions, plain, slow, and without a line in
// common with the model. Each says whether something is allowed, and changes World and Core as it would;
// where it faults, nothing has changed (of a transfer: but the pending latch).
//
//   rights.cpp        section 2      effective rights, live capabilities
//   transfer.cpp      section 4      fetches, crossings, ring 0 and back
//   data.cpp          section 5      loads, stores, accesses to capabilities
//   capabilities.cpp  sections 6, 7  instructions that any code may execute
//   privileged.cpp    section 7      instructions of ring 0 and privileged pages
//
// Two things of the hardware do not exist here: the APL cache, so #CD APL_MISS never comes out (a machine
// with software refill is to be compared after its kernel has answered every miss), and FAULT_RIP, which only
// names an instruction that the caller knows already.
#pragma once

#include "isa/spec/world.h"

namespace stile::isa::spec {

enum : unsigned { vec_none = 0, vec_gp = 13, vec_pf = 14, vec_cd = STILE_VEC_DOMAIN };
enum : unsigned { pf_present = 1, pf_write = 2, pf_user = 4, pf_fetch = 16 };

// Either allowed, or a fault as the handler finds it.
struct Outcome {
    unsigned vector = vec_none;
    uint32_t error = 0;
    uint64_t address = 0;  // CR2; of #GP 0
    // Of #CD: FAULT_FROM, FAULT_TO, FAULT_RIGHT.
    uint16_t from = 0, to = 0;
    unsigned needed = 0, had = 0;

    bool allowed() const { return vector == vec_none; }
    unsigned reason() const { return vector == vec_cd ? STILE_CD_REASON(error) : 0; }
    bool operator==(const Outcome&) const = default;
};

// --- section 2
unsigned right(const World&, uint16_t from, uint16_t to);
bool live(const World&, const Core&, const stile_cap&);
bool covers(const stile_cap&, uint64_t address, uint64_t bytes);
unsigned effective(const World&, const Core&, uint16_t from, uint16_t to, uint64_t address, unsigned bytes);

// --- section 4
// The next instruction, `bytes` long, is fetched from `address`, with whatever the latch says is pending.
// Where the first page passes and the second faults, the crossing has taken place.
Outcome fetch(World&, Core&, uint64_t address, unsigned bytes = 1);
// An instruction of ring 3 sends control to another page: the latch is set, then the target is fetched.
Outcome transfer(World&, Core&, stile_transfer kind, uint64_t target, uint64_t return_address = 0,
                 unsigned bytes = 1);
// The kind of a `ret` of ring 3 at `rip`: of privileged code it is checked as a crossing return in any case.
stile_transfer return_kind(const World&, const Core&, uint64_t rip, unsigned bytes = 1);
void enter_ring0(World&, Core&);
void return_to_ring3(World&, Core&, uint64_t rip);

// --- section 5
// Null pointers: only the checks. Bytes: up to 4096.
Outcome load(const World&, const Core&, uint64_t address, unsigned bytes, void* out = nullptr);
Outcome store(World&, const Core&, uint64_t address, unsigned bytes, const void* in = nullptr);
// What a load that announces a store does (read-modify-write): nothing, but checked as a store.
Outcome check_store(const World&, const Core&, uint64_t address, unsigned bytes);

// --- section 7
enum class Op : uint8_t {
    save,
    restore,
    aplfill,
    aplinv,
    aplvictim,
    apltag,
    hwtag,
    kcs,
    rddcs,
    wrdcs,  // privileged
    capmk,
    caprst,
    capmov,
    capasy,
    cappush,
    cappop,
    capsyn,
    caprev,
    capclr,
    capld,
    capst,
    capbase,
    caplen,
    capattr,
    count
};
const char* name(Op);

struct Instruction {
    Op op{};
    uint64_t rip = 0;    // where it lies: privileged code is privileged by its pages
    unsigned bytes = 1;  // its length
    unsigned n = 0,
             m = 0;  // ModRM.reg and ModRM.rm, where they name capabilities; n of rddcs and wrdcs: which
    uint64_t address = 0;  // memory operand
    uint64_t r = 0;        // register operand
    uint64_t rcx = 0;      // of capmk and caprst: the length
    uint8_t imm = 0;
};

// Executes an instruction that has been fetched. `result` is what a register operand gets: of kcs, rddcs,
// capbase, caplen, capattr. What the instructions on the APL cache do to it is not said here.
Outcome execute(World&, Core&, const Instruction&, uint64_t* result = nullptr);

}  // namespace stile::isa::spec
